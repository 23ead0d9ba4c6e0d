// What a run that was killed left behind: servers, shared memory, temporary folders. Found by the register, ended, removed.

import { isRunning } from '../core/proc-stat.ts'
import { endProcesses, processesOf, removeTraces } from './end-process.ts'
import { type RegisterEntry, readEntries, removeEntry } from './register.ts'

/** Entries whose owner is gone. Those of a run that goes on, of this user or another, are nobody's leftovers. */
function orphanedEntries(stateDir: string): RegisterEntry[] {
  return readEntries(stateDir).filter(({ owner }) => !isRunning(owner))
}

/** Entries whose owner runs: servers that are in use now. */
export function liveEntries(stateDir: string): RegisterEntry[] {
  return readEntries(stateDir).filter(({ owner }) => isRunning(owner))
}

/** What `removeLeftovers` would end, one line each. Changes nothing. */
export function describeLeftovers(stateDir: string): readonly string[] {
  return orphanedEntries(stateDir).flatMap((entry) => {
    const pids = processesOf(entry).map(({ pid }) => pid)
    return pids.length === 0 ? [] : [describeProcesses(entry, pids)]
  })
}

/**
 * Ends the processes of runs that are gone and removes what they left. A process is only touched when it is the
 * registered one (number and start time), belongs to its group, or carries the entry's mark in its environment.
 * @returns one line for each thing removed
 */
export async function removeLeftovers(stateDir: string): Promise<readonly string[]> {
  const lines: string[] = []
  for (const entry of orphanedEntries(stateDir)) {
    // No grace: nobody waits for their answers, and Triton takes up to nine seconds to stop.
    const pids = await endProcesses(entry, 0)
    if (pids.length > 0) lines.push(describeProcesses(entry, pids))
    lines.push(...removeTraces(entry))
    removeEntry(stateDir, entry)
  }
  return lines
}

function describeProcesses({ name, owner }: RegisterEntry, pids: readonly number[]): string {
  return `${name} (process ${pids.join(', ')}), left by run ${owner.pid}`
}
