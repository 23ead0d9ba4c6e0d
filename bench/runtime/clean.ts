// Removes what dyno made on this machine: leftover processes and its own state folder. The user's reports are not among it.
import { lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BenchError } from '../core/errors.ts'
import { describeLeftovers, liveEntries, removeLeftovers } from './leftovers.ts'
import { listFolder } from './register.ts'

export interface Removal {
  readonly what: string
  /** On disk; 0 for a process. */
  readonly bytes: number
}

/** Everything that dyno writes into its state folder. Nothing else there is touched, whatever folder it was set to. */
const OWN_NAMES = /^(python-[0-9a-f]{12}|python\.lock(\.\d+)?(\.broken)?|running|up\.json|up\.log|up-logs|\.gitignore)$/

/**
 * @param options.dryRun says what would be removed, removes nothing
 * @throws BenchError `still-running` while a run or `dyno up` uses what would be removed
 */
export async function clean(options: {
  readonly stateDir: string
  readonly dryRun: boolean
}): Promise<readonly Removal[]> {
  const { stateDir, dryRun } = options
  refuseWhileRunning(stateDir)
  const processes = dryRun ? describeLeftovers(stateDir) : await removeLeftovers(stateDir)
  const removals: Removal[] = processes.map((what) => ({ what, bytes: 0 }))
  for (const name of listFolder(stateDir).filter((entry) => OWN_NAMES.test(entry))) {
    const path = join(stateDir, name)
    removals.push({ what: path, bytes: sizeOf(path) })
    // A link is removed itself, never followed.
    if (!dryRun) rmSync(path, { recursive: true, force: true })
  }
  if (!dryRun) removeIfEmpty(stateDir)
  return removals
}

function refuseWhileRunning(stateDir: string): void {
  const live = liveEntries(stateDir)
  if (live.length === 0) return
  const names = live.map(({ name, owner }) => `${name} (of run ${owner.pid})`)
  throw new BenchError({
    kind: 'usage',
    code: 'still-running',
    message: `still running: ${names.join(', ')}`,
    hint: 'wait for the run to end, or stop standing servers: dyno down',
  })
}

/** Bytes on disk below a path; links count as themselves. */
function sizeOf(path: string): number {
  try {
    const stat = lstatSync(path)
    const ownBytes = stat.blocks * 512
    if (!stat.isDirectory()) return ownBytes
    return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), ownBytes)
  } catch {
    return 0 // Removed at this moment.
  }
}

function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir)
  } catch {
    // It holds something that is not ours, or was never made.
  }
}
