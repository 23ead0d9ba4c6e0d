// How many processes wait for connections on a port: with several workers, an answer proves only that one of them is ready.
import { readFileSync, readlinkSync } from 'node:fs'
import { listProcesses } from '../core/proc-stat.ts'
import { listeningInodes } from './ports.ts'
import { listFolder } from './register.ts'

/**
 * Counts the children of `leaderPid` that watch the port's listening socket by epoll, as gunicorn's gthread workers
 * do once their app is loaded. (The socket itself is open in each of them from the start.)
 * @param port as the leader counts ports, whose network may be a container's
 * @returns `null` where the processes cannot be looked into: another user's, or in a virtual machine
 */
export function countPollingWorkers(leaderPid: number, port: number): number | null {
  if (listFolder(`/proc/${leaderPid}/fd`).length === 0) return null
  const sockets = new Set(listeningInodes(port, leaderPid).map((inode) => `socket:[${inode}]`))
  const children = listProcesses().filter(({ parentPid }) => parentPid === leaderPid)
  return children.filter(({ pid }) => watchesOneOf(pid, sockets)).length
}

function watchesOneOf(pid: number, sockets: ReadonlySet<string>): boolean {
  const linkOf = (fd: string) => readOr('', () => readlinkSync(`/proc/${pid}/fd/${fd}`))
  return listFolder(`/proc/${pid}/fd`).some((fd) => {
    if (linkOf(fd) !== 'anon_inode:[eventpoll]') return false
    // One line for each watched descriptor: `tfd:        5 events: …`.
    const info = readOr('', () => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))
    return [...info.matchAll(/^tfd:\s+(\d+)/gm)].some(([, watched = '']) => sockets.has(linkOf(watched)))
  })
}

/** What closes while it is looked at counts as absent. */
function readOr(absent: string, read: () => string): string {
  try {
    return read()
  } catch {
    return absent
  }
}
