// Trials beyond the plan, of some of its cells: rounds until all are precise, and second looks for the gate.
import { type Random, seededRandom, shuffled } from '../core/random.ts'
import type { Scenario } from '../scenario/types.ts'
import { type Block, interleave, trialOf } from './expand.ts'
import type { CellKey, Plan, Trial } from './types.ts'

/** Repetitions of a block that go on from those that it has. */
interface Further extends Block {
  readonly targets: readonly string[]
  /** Number of the last repetition that exists. */
  readonly done: number
  readonly more: number
}

/**
 * Whole repetitions of the blocks that hold one of the cells, with all of their targets: so the targets stay paired.
 * @param done repetitions that these blocks have, @param more those to add
 */
export function roundTrials(
  { scenario }: Plan,
  cells: readonly CellKey[],
  { done, more }: { readonly done: number; readonly more: number },
): Trial[] {
  const { measure, matrix } = scenario
  const blocks = blocksOf(cells).map(({ block }) => ({ ...block, targets: matrix.targets, done, more }))
  return interleaved(blocks, scenario, seededRandom(measure.seed, `round ${done}`))
}

/**
 * As many repetitions again of the cells that would fail a gate, numbered on, each beside its baseline.
 * @param measured all trials so far
 * @param baseline the target that the others are compared with; null if there is none
 */
export function confirmTrials(
  { scenario }: Plan,
  suspects: readonly CellKey[],
  { measured, baseline }: { readonly measured: readonly Trial[]; readonly baseline: string | null },
): Trial[] {
  const blocks = blocksOf(suspects).map(({ block, targets }) => {
    const done = measured
      .filter((trial) => blockKey(trial) === blockKey(block))
      .reduce((last, { repetition }) => Math.max(last, repetition), 0)
    return { ...block, targets: [...new Set([...(baseline === null ? [] : [baseline]), ...targets])], done, more: done }
  })
  const trials = interleaved(blocks, scenario, seededRandom(scenario.measure.seed, 'confirm'))
  return trials.map((trial) => ({ ...trial, confirms: true }))
}

const blockKey = ({ batchSize, load }: Block) => `${batchSize} ${JSON.stringify(load)}`

function blocksOf(cells: readonly CellKey[]): { readonly block: Block; readonly targets: readonly string[] }[] {
  return [...Map.groupBy(cells, blockKey).values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { batchSize, load } = first
    return [{ block: { batchSize, load }, targets: group.map(({ target }) => target) }]
  })
}

/** In each repetition the blocks come in random order, as in the plan. */
function interleaved(blocks: readonly Further[], scenario: Scenario, random: Random): Trial[] {
  const rounds = blocks.reduce((most, { more }) => Math.max(most, more), 0)
  return Array.from({ length: rounds }, (_, index) => index + 1).flatMap((number) =>
    shuffled(
      blocks.filter(({ more }) => number <= more),
      random,
    ).flatMap(({ targets, done, ...block }) =>
      interleave([block], targets, random).map((cell) => trialOf(cell, done + number, scenario)),
    ),
  )
}
