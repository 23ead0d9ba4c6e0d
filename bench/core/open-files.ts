// How many files and sockets this process may open: too few of them fail connections, and look like the server's fault.
import { readFileSync } from 'node:fs'
import { BenchError } from './errors.ts'

/** What dyno holds open itself: its files, pipes, threads, and the sockets of a floor's own server. */
export const OWN_FILES = 64

/** Soft limit, which Node has raised to the hard one; null where the system does not tell or sets none. */
export function openFilesLimit(limits = readLimits()): number | null {
  const found = /^Max open files\s+(\d+)/m.exec(limits ?? '')?.[1]
  return found === undefined ? null : Number(found)
}

function readLimits(): string | null {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return null
  }
}

/**
 * @param connections that the load needs at once; 0: only what dyno needs itself
 * @throws BenchError `too-few-files` with the limit to set
 */
export function checkOpenFiles(connections: number, limit = openFilesLimit()): void {
  const needed = connections + OWN_FILES
  if (limit === null || limit >= needed) return
  const what = connections === 0 ? 'dyno' : `${connections} connections`
  throw new BenchError({
    kind: 'environment',
    code: 'too-few-files',
    message: `${what} ${connections === 0 ? 'needs' : 'need'} ${needed} open files, this process may have ${limit} (ulimit -n)`,
    hint:
      `raise the limit: ulimit -n ${Math.max(1024, needed)} (as root, or in /etc/security/limits.conf)` +
      (connections === 0 ? '' : '; or lower the concurrency'),
  })
}
