// Scenario → Plan: the matrix as trials, interleaved by the seed so that drift of the machine hits all targets alike.
import { BenchError, BenchErrors } from '../core/errors.ts'
import { type Random, seededRandom, shuffled } from '../core/random.ts'
import type { LoadedScenario, LoadModel, Scenario } from '../scenario/types.ts'
import { cellName } from './cell-name.ts'
import type { CellKey, Plan, Trial } from './types.ts'

const MOST_TRIALS = 100_000

/** The cells that differ in nothing but the target: what is compared, and so measured back to back. */
export interface Block {
  readonly batchSize: number
  readonly load: LoadModel
}

/**
 * Pure: the same scenario gives the same plan. In each repetition the blocks (batch size and load) come in random
 * order, and in each block the targets do, next to each other.
 * @throws BenchErrors for batch sizes above the model's limit and for plans without end
 */
export function expand({ scenario, path, sha256 }: LoadedScenario): Plan {
  const problems = [...refusedBatchSizes(scenario), ...refusedLength(scenario)]
  if (problems.length > 0) throw new BenchErrors(problems)
  const { matrix, measure } = scenario
  const random = seededRandom(measure.seed, 'plan')
  const blocks = matrix.batchSizes.flatMap((batchSize) => matrix.loads.map((load) => ({ batchSize, load })))
  const repetitions = Array.from({ length: measure.repetitions }, (_, index) => index + 1)
  const trials = repetitions.flatMap((repetition) =>
    interleave(blocks, matrix.targets, random).map((cell) => trialOf(cell, repetition, scenario)),
  )
  return {
    scenario,
    scenarioPath: path,
    scenarioSha256: sha256,
    seed: measure.seed,
    targets: scenario.targets.filter((target) => matrix.targets.includes(target.name)),
    trials,
    expectedMs: trials.length * (measure.warmupMs + measure.durationMs),
    longestMs:
      (trials.length / measure.repetitions) * mostRepetitions(measure) * (measure.warmupMs + measure.durationMs),
  }
}

/** Of each cell, in all: as many as fit into the limit where it is measured until it is precise. */
export function mostRepetitions({ auto, repetitions, durationMs }: Scenario['measure']): number {
  return auto === null ? repetitions : Math.floor(auto.limitMs / durationMs)
}

/** The matrix's cells in the order in which the scenario writes them: by target, then batch size, then load. */
export function cellsOf({ scenario: { matrix } }: Pick<Plan, 'scenario'>): CellKey[] {
  return matrix.targets.flatMap((target) =>
    matrix.batchSizes.flatMap((batchSize) => matrix.loads.map((load) => ({ target, batchSize, load }))),
  )
}

export function interleave(blocks: readonly Block[], targets: readonly string[], random: Random): CellKey[] {
  return shuffled(blocks, random).flatMap(({ batchSize, load }) =>
    shuffled(targets, random).map((target) => ({ target, batchSize, load })),
  )
}

export function trialOf(cell: CellKey, repetition: number, { measure }: Scenario): Trial {
  const { warmupMs, durationMs, timeoutMs } = measure
  return { id: `${cellName(cell)}#${repetition}`, ...cell, warmupMs, durationMs, timeoutMs, repetition }
}

/** The configuration in the model repository binds the servers that dyno starts from it; external ones have their own. */
function refusedBatchSizes({ matrix, model, servers, targets }: Scenario): BenchError[] {
  const limit = model.maxBatchSize
  const bound = targets.filter(
    ({ name, server }) => matrix.targets.includes(name) && servers[server]?.kind !== 'external',
  )
  if (limit === null || bound.length === 0) return []
  return matrix.batchSizes
    .filter((batchSize) => batchSize > limit)
    .map(
      (batchSize) =>
        new BenchError({
          kind: 'scenario',
          code: 'batch-too-large',
          message: `batch size ${batchSize} is above the max_batch_size ${limit} of ${model.name}: its servers would refuse it`,
          hint:
            `take ${batchSize} out of matrix.batchSize, or raise max_batch_size in ` +
            `model_repository/${model.name}/config.pbtxt and its configs/`,
          place: 'matrix.batchSize',
        }),
    )
}

function refusedLength({ matrix, measure }: Scenario): BenchError[] {
  const cells = matrix.targets.length * matrix.batchSizes.length * matrix.loads.length
  const repetitions = mostRepetitions(measure)
  const trials = cells * repetitions
  if (trials <= MOST_TRIALS) return []
  const message = `${cells} cells × ${repetitions} repetitions are ${trials} trials, more than ${MOST_TRIALS}`
  const field = measure.auto === null ? 'measure.repetitions' : 'measure.auto.limit'
  const hint = `lower ${field}, or shorten the lists of the matrix`
  return [new BenchError({ kind: 'scenario', code: 'too-many-trials', message, hint, place: 'matrix' })]
}
