// Between which values of the pool a tail quantile may lie, by how many requests of each repetition are beyond it.
//
// The tail of a queue near saturation, or of a server that stalls, is a few excursions. Where a run caught few of them its
// quantile is low, and so is the scatter between repetitions: Student's t on the values then misses on the high side. And
// the pool's tail is made by the slowest repetitions, so that it scatters more than the mean of all of them.
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

export interface Ends {
  readonly low: number
  readonly high: number
}

/**
 * The shares beyond the pooled value are unbiased, and they scatter like counts: Student's t on square roots, which make
 * the variance of counts even (Bartlett 1936, Suppl. J. R. Stat. Soc. 3:68–78), says what shares these samples may have
 * beyond the truth, and the pool is read there (Woodruff 1952, JASA 47:635–646). The blocks count for a single repetition.
 * @returns low ≤ value ≤ high; all of them equal where nothing tells the scatter
 */
export function tailEnds(parts: readonly Part[], pooled: Float64Array, at: Quantile): Ends {
  const tail = 1 - at.fraction
  const shares = parts.map(({ repetition, sorted, weight }) => ({
    repetition,
    deviation: 1 - countUpTo(sorted, at.value) / sorted.length,
    weight,
  }))
  const scatter = between(shares) ?? at.blocks
  if (scatter === null) return { low: at.value, high: at.value }
  // Of √(share / tail): its derivative is 1/2 where the share is the tail.
  const half = (criticalT(MISS_PROBABILITY, scatter.df) * Math.sqrt(scatter.variance)) / tail / 2
  return {
    low: Math.min(at.value, quantile(pooled, 1 - tail * (1 + half) ** 2)),
    high: Math.max(at.value, quantile(pooled, 1 - tail * Math.max(0, 1 - half) ** 2)),
  }
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
