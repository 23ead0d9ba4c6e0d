// Runs one scenario again and again as `dyno run` does, with another seed each time, and tells what each run found.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BenchError } from '../core/errors.ts'
import { measureScenario, type World } from '../run.ts'
import { loadScenario, NO_OVERRIDES, type Overrides } from '../scenario/load-scenario.ts'
import type { Scenario } from '../scenario/types.ts'
import { outcomeOf, type TrialOutcome } from './outcome.ts'
import { startNeighbour } from './start-neighbour.ts'

export interface GateTrialsOptions {
  /** Path as typed. */
  readonly scenario: string
  /** `path=value` each. */
  readonly set: readonly string[]
  readonly runs: number
  readonly firstSeed: number
  readonly neighbour: boolean
}

/**
 * One outcome per run; ends early when the signal aborts, and a run that it cut short is no outcome. Every run starts its
 * own servers: two processes of one app differ a little for as long as they live, which runs that are counted as
 * independent must not share.
 * @throws BenchError, BenchErrors as a run does; `no-gate` where the scenario has none
 */
export async function* runTrials(options: GateTrialsOptions, world: World): AsyncGenerator<TrialOutcome> {
  const { signal } = world.context
  const overrides = { ...NO_OVERRIDES, set: options.set }
  const { scenario } = await loadScenario(options.scenario, overrides)
  const baseline = baselineOf(scenario, options.scenario)
  const neighbour = options.neighbour ? await startNeighbour(options.firstSeed) : null
  const dir = mkdtempSync(join(tmpdir(), 'dyno-gate-'))
  try {
    for (let run = 0; run < options.runs; run++) {
      const seed = options.firstSeed + run
      world.progress.step(`run ${run + 1} of ${options.runs}: seed ${seed}`)
      const startMs = performance.now()
      const analysed = await measureOnce(options.scenario, { ...overrides, seed }, { dir, world })
      if (analysed === null || signal.aborted) return
      if (neighbour?.isRunning() === false) throw neighbourEnded()
      const seconds = (performance.now() - startMs) / 1e3
      yield outcomeOf(analysed, { seed, seconds, baseline, repetitions: scenario.measure.repetitions })
    }
  } finally {
    await neighbour?.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** null if it was interrupted before there was anything. */
async function measureOnce(
  path: string,
  overrides: Overrides,
  { dir, world }: { readonly dir: string; readonly world: World },
) {
  const outDir = join(dir, `${overrides.seed}`)
  try {
    return (await measureScenario({ path, overrides, runtime: 'auto', outDir }, world)).analysed
  } catch (error) {
    if (world.context.signal.aborted) return null
    throw error
  } finally {
    rmSync(outDir, { recursive: true, force: true })
  }
}

function baselineOf({ name, compare, gate }: Scenario, path: string): string {
  if (compare !== null && gate !== null) return compare.baseline
  throw new BenchError({
    kind: 'usage',
    code: 'no-gate',
    message: `the scenario '${name}' has no ${gate === null ? 'gate' : 'compare'}: there is nothing to measure about it`,
    place: path,
    hint: 'add `compare:` and `gate:` with relative rules, as in scenarios/flask-aa.yaml',
  })
}

function neighbourEnded(): BenchError {
  return new BenchError({
    kind: 'environment',
    code: 'neighbour-ended',
    message: 'the noisy neighbour ended while a run was measured beside it',
    hint: 'see what kills processes here (memory?), and run it again',
  })
}
