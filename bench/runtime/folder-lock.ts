// A lock file that names its holder: of two runs that need the same work done, one does it and the other waits.
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { sleep } from '../core/clock.ts'
import { isRunning } from '../core/proc-stat.ts'
import { ownProcess } from './register.ts'

const POLL_MS = 200

export interface LockWait {
  readonly signal: AbortSignal
  /** Called once a second while another run holds the lock. */
  readonly onWait: (holderPid: number, waitedMs: number) => void
}

/**
 * Takes the lock, waiting for a holder that runs; one that died holds nothing.
 * @returns how to give it back
 * @throws the signal's reason
 */
export async function takeLock(path: string, wait: LockWait): Promise<() => void> {
  const own = JSON.stringify(ownProcess())
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    wait.signal.throwIfAborted()
    if (createWhole(path, own)) return () => rmSync(path, { force: true })
    const holder = holderOf(path)
    // A lock appears with its holder in it: an empty one, or one with anything else in it, is nobody's.
    if (holder === null ? existsSync(path) : !isRunning(holder)) {
      breakLock(path, holder)
      continue
    }
    if (holder !== null && waitedMs % 1000 === 0) wait.onWait(holder.pid, waitedMs)
    await sleep(POLL_MS, wait.signal)
  }
}

/** Who holds the lock now; `null` where nobody does. */
export function holderOf(path: string): { readonly pid: number; readonly startTicks: number } | null {
  try {
    const holder: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof holder !== 'object' || holder === null || !('pid' in holder) || !('startTicks' in holder)) return null
    return { pid: Number(holder.pid), startTicks: Number(holder.startTicks) }
  } catch {
    return null
  }
}

/** The file appears with its content or not at all: a link to a finished file fails where there is one already. */
function createWhole(path: string, content: string): boolean {
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, content)
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Moves a dead holder's lock away, or one of nobody. What was moved may be a new holder's by now: then it goes back. */
function breakLock(path: string, dead: { readonly pid: number } | null): void {
  const aside = `${path}.${process.pid}.broken`
  try {
    renameSync(path, aside)
  } catch {
    return // Another waiter was first.
  }
  if (holderOf(aside)?.pid !== dead?.pid) createWhole(path, readFileSync(aside, 'utf8'))
  rmSync(aside, { force: true })
}
