// Removes what dyno made on this machine: leftover processes and containers, its own state folder and, if asked for, its
// images and volumes. The user's reports are not among it.
import { lstatSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BenchError } from '../core/errors.ts'
import type { Engine } from './docker/engine.ts'
import { findMadeThings, type MadeThings, removeThing } from './docker/made-things.ts'
import { describeLeftovers, liveEntries, removeLeftovers } from './leftovers.ts'
import { ENTRY_NAME, listFolder } from './register.ts'

export interface Removal {
  readonly what: string
  /** What it frees on disk; 0 for a process. */
  readonly bytes: number
}

/** What dyno alone writes into a state folder. Nothing else there is touched, whatever folder it was set to. */
const OWN_NAMES = /^(python-[0-9a-f]{12}|python\.lock(\.\d+)?(\.broken)?|compile-cache|up\.json)$/
/** Names that others use as well: dyno's where the folder bears its mark, the .gitignore that it writes. */
const MARKED_NAMES = /^(up\.log|up-logs|\.gitignore)$/
const MARK = '*\n'
const RUNNING = 'running'

export interface CleanOptions {
  /** Where dyno keeps its register and its environments: the same folder, or two. */
  readonly stateDirs: readonly string[]
  /** Says what would be removed, removes nothing. */
  readonly dryRun: boolean
  /** null if there is none, or if it cannot be asked. */
  readonly engine: Engine | null
  readonly images: boolean
  readonly volumes: boolean
}

export interface Cleaned {
  readonly removed: readonly Removal[]
  /** What stays although it looks like dyno's, one line each with the reason. */
  readonly kept: readonly string[]
}

/** @throws BenchError `still-running` while a run or `dyno up` uses what would be removed; where the engine fails */
export async function clean(options: CleanOptions): Promise<Cleaned> {
  const { stateDirs, dryRun, engine } = options
  const made = engine === null ? NOTHING_MADE : await findMadeThings(engine, options)
  refuseWhileRunning([
    ...stateDirs.flatMap(liveEntries).map(({ name, owner }) => `${name} (of run ${owner.pid})`),
    ...made.inUse,
  ])
  const removed: Removal[] = []
  const kept = [...made.kept]
  for (const thing of made.removable) {
    const refusal = engine === null || dryRun ? null : await removeThing(engine, thing)
    if (refusal === null) removed.push({ what: thing.what, bytes: thing.bytes })
    else kept.push(refusal)
  }
  for (const stateDir of stateDirs) {
    const processes = dryRun ? describeLeftovers(stateDir) : await removeLeftovers(stateDir)
    removed.push(...processes.map((what) => ({ what, bytes: 0 })), ...cleanState(stateDir, dryRun))
  }
  return { removed, kept }
}

const NOTHING_MADE: MadeThings = { inUse: [], removable: [], kept: [] }

function cleanState(stateDir: string, dryRun: boolean): readonly Removal[] {
  const paths = ownPaths(stateDir)
  const removals = paths.map((what) => ({ what, bytes: sizeOf(what) }))
  if (dryRun) return removals
  // A link is removed itself, never followed.
  for (const path of paths) rmSync(path, { recursive: true, force: true })
  removeIfEmpty(join(stateDir, RUNNING))
  removeIfEmpty(stateDir)
  return removals
}

function ownPaths(stateDir: string): readonly string[] {
  const isMarked = contentOf(join(stateDir, '.gitignore')) === MARK
  const own = listFolder(stateDir).filter((name) => OWN_NAMES.test(name) || (isMarked && MARKED_NAMES.test(name)))
  const entries = listFolder(join(stateDir, RUNNING)).filter((name) => ENTRY_NAME.test(name))
  return [...own, ...entries.map((name) => join(RUNNING, name))].map((name) => join(stateDir, name))
}

function contentOf(path: string): string | null {
  try {
    return lstatSync(path).isFile() ? readFileSync(path, 'utf8') : null
  } catch {
    return null
  }
}

function refuseWhileRunning(live: readonly string[]): void {
  if (live.length === 0) return
  throw new BenchError({
    kind: 'usage',
    code: 'still-running',
    message: `still running: ${live.join(', ')}`,
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
