// Where a metric's level changed from one run on: binary segmentation by ranks.
import { type Random, seededRandom, shuffled } from '../core/random.ts'

export interface ChangePoint {
  /** Of the first value after the change. */
  readonly index: number
  /** (after − before) / before, of the medians up to the neighbouring change points. */
  readonly change: number
  readonly p: number
}

/** One odd run is no change of level, and neither are two. */
const MIN_SEGMENT = 3
/** Every cell of a matrix is looked at. With it a change needs some ten runs to show. */
const SIGNIFICANCE = 0.01
const PERMUTATIONS = 999
/** As for verdicts: smaller is no news. */
const MIN_CHANGE = 0.02
const SEED = 1

/**
 * The split with the largest standardised Mann-Whitney statistic (Pettitt 1979, Applied Statistics 28:126–135), its
 * p-value by permutation; then the same in both parts (Scott and Knott 1974, Biometrics 30:507–512). Ranks keep one
 * outlier from deciding. The same values give the same points.
 * @param values positive, one per run, oldest first
 */
export function changePoints(values: readonly number[]): ChangePoint[] {
  const splits = splitsOf(values, 0, seededRandom(SEED, 'change points'))
  return splits.flatMap(({ index, p }, at) => {
    const before = values.slice(splits[at - 1]?.index ?? 0, index)
    const after = values.slice(index, splits[at + 1]?.index ?? values.length)
    const change = medianOf(after) / medianOf(before) - 1
    return Math.abs(change) >= MIN_CHANGE ? [{ index, change, p }] : []
  })
}

interface Split {
  readonly index: number
  readonly p: number
}

function splitsOf(values: readonly number[], offset: number, random: Random): Split[] {
  const ranks = ranksOf(values)
  const best = bestSplit(ranks)
  if (best === null) return []
  const p = permutationP(ranks, best.statistic, random)
  if (p >= SIGNIFICANCE) return []
  return [
    ...splitsOf(values.slice(0, best.index), offset, random),
    { index: offset + best.index, p },
    ...splitsOf(values.slice(best.index), offset + best.index, random),
  ]
}

/** null where the values are too few to be split. */
function bestSplit(ranks: readonly number[]): { readonly index: number; readonly statistic: number } | null {
  const count = ranks.length
  let best: { readonly index: number; readonly statistic: number } | null = null
  let sum = 0
  for (let index = 1; index <= count - MIN_SEGMENT; index++) {
    sum += ranks[index - 1] as number
    if (index < MIN_SEGMENT) continue
    const expected = (index * (count + 1)) / 2
    const statistic = (sum - expected) ** 2 / (index * (count - index))
    if (best === null || statistic > best.statistic) best = { index, statistic }
  }
  return best
}

function permutationP(ranks: readonly number[], observed: number, random: Random): number {
  let atLeast = 1
  for (let round = 0; round < PERMUTATIONS; round++) {
    // Sums of the same ranks in another order may differ in the last bit.
    if ((bestSplit(shuffled(ranks, random))?.statistic ?? 0) >= observed - 1e-9) atLeast++
  }
  return atLeast / (PERMUTATIONS + 1)
}

/** From 1; equal values share the mean of their ranks. */
function ranksOf(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length
    const equal = values.filter((other) => other === value).length
    return below + (equal + 1) / 2
  })
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}
