// How far above its estimate a quantile may lie, by how many requests of each repetition are beyond the estimate.
//
// The tail of a queue near saturation, or of a server that stalls, is a few excursions. Where a run caught few of them its
// quantile is low, and so is the scatter between repetitions: Student's t on the values then misses on the high side.
import { quantile } from '../core/quantile.ts'
import { criticalT } from '../core/student-t.ts'
import { between, MISS_PROBABILITY } from './intervals.ts'
import type { Variance } from './spread.ts'

/** One repetition: its samples, ascending, and its share of the pool. */
export interface Part {
  readonly repetition: number
  readonly sorted: Float64Array
  readonly weight: number
}

interface Quantile {
  readonly fraction: number
  readonly value: number
  /** Variance of the pooled share beyond the value, from time blocks; null where no blocks tell. */
  readonly blocks: Variance | null
}

/**
 * The shares beyond the pooled value are unbiased, and they scatter like counts: Student's t on square roots, which make
 * the variance of counts even (Bartlett 1936, Suppl. J. R. Stat. Soc. 3:68–78), says what share these samples may have
 * beyond the truth, and the pool is read there (Woodruff 1952, JASA 47:635–646). Few repetitions can agree by chance, and
 * blocks cannot see how repetitions differ: the wider of the two counts.
 * @returns the highest value of the pool that is compatible; `value` where nothing tells the scatter
 */
export function tailReach(parts: readonly Part[], pooled: Float64Array, at: Quantile): number {
  const tail = 1 - at.fraction
  const shares = parts.map(({ repetition, sorted, weight }) => ({
    repetition,
    deviation: 1 - countUpTo(sorted, at.value) / sorted.length,
    weight,
  }))
  const halves = [between(shares), at.blocks].map((scatter) =>
    scatter === null ? 0 : criticalT(MISS_PROBABILITY, scatter.df) * Math.sqrt(scatter.variance),
  )
  const least = tail * Math.max(0, 1 - Math.max(...halves) / tail / 2) ** 2
  return Math.max(at.value, quantile(pooled, 1 - least))
}

/** How many of the ascending values are at most `limit`. */
function countUpTo(sorted: Float64Array, limit: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) <= limit) low = middle + 1
    else high = middle
  }
  return low
}
