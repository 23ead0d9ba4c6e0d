// Ends a started process with everything it started, and removes the temporary things that it leaves when it is killed.
import { rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { nowNs, sleep } from '../core/clock.ts'
import { listProcesses, type ProcessStat, readProcess, startedWith } from '../core/proc-stat.ts'
import { environmentMark, listFolder, type RegisterEntry, sharedMemoryPrefix } from './register.ts'

const POLL_MS = 50
/** A killed process is gone in milliseconds, unless it hangs in the kernel (a broken network disk). */
const KILL_DEADLINE_MS = 5000

/**
 * SIGTERM to the group, and after `graceMs` SIGKILL to all that is left; returns when nothing of it runs.
 * @returns the pids that were ended
 * @throws Error when something survives SIGKILL for 5 s
 */
export async function endProcesses(entry: RegisterEntry, graceMs: number): Promise<readonly number[]> {
  const first = processesOf(entry)
  if (first.length === 0) return []
  if (graceMs > 0) {
    for (const { pid } of first) signal(pid, 'SIGTERM')
    await untilNone(entry, graceMs)
  }
  // Again and again, because what is being killed may still start something.
  const killUntilNs = nowNs() + KILL_DEADLINE_MS * 1e6
  for (let left = processesOf(entry); left.length > 0; left = processesOf(entry)) {
    if (nowNs() > killUntilNs) throw new Error(`process ${left.map(({ pid }) => pid).join(', ')} survives SIGKILL`)
    for (const { pid } of left) signal(pid, 'SIGKILL')
    await sleep(POLL_MS)
  }
  return first.map(({ pid }) => pid)
}

/**
 * What runs of an entry: the leader if it is still the same process, the members of its group, and all that carries
 * the entry's mark in its environment, such as a worker whose leader is gone. Nothing else is ever signalled.
 */
export function processesOf(entry: RegisterEntry): ProcessStat[] {
  const { name, value } = environmentMark(entry.id)
  const leader = entry.leader
  // A leader that has ended but was not waited for still keeps its number, and so the group's, from being used again.
  const ours = leader !== null && readProcess(leader.pid)?.startTicks === leader.startTicks
  return listProcesses()
    .filter(({ state, pid }) => state !== 'Z' && pid !== process.pid)
    .filter(({ pid, groupPid }) => (ours && groupPid === leader.pid) || startedWith(pid, `${name}=${value}`))
}

/** Removes the shared memory and the empty temporary folders of an entry; returns their paths. */
export function removeTraces(entry: RegisterEntry): string[] {
  const prefix = sharedMemoryPrefix(entry.id)
  const memory = listFolder('/dev/shm').filter((name) => name.startsWith(prefix))
  const removed = memory.map((name) => join('/dev/shm', name))
  for (const path of removed) rmSync(path, { force: true })
  for (const path of entry.temporaryDirs) {
    try {
      rmdirSync(path) // Only while it is empty: one that holds something is not the one that we saw.
      removed.push(path)
    } catch {
      // Gone already, as after every orderly end.
    }
  }
  return removed
}

async function untilNone(entry: RegisterEntry, deadlineMs: number): Promise<void> {
  const untilNs = nowNs() + deadlineMs * 1e6
  while (processesOf(entry).length > 0 && nowNs() < untilNs) await sleep(POLL_MS)
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    // It ended by itself between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
