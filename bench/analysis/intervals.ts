// 95 % intervals from the scatter between repetitions: they hold for correlated latencies and for repetitions that differ.
//
// Why not a bootstrap: with 2 to 5 repetitions resampling them under-covers whatever is resampled within. Repetitions
// are independent and whole, so Student's t on the logarithms of their own values is exact for a random factor per
// repetition, and needs no assumption on what happens inside one. Where a tail is a few excursions the ends reach further
// (`shortfall` and `tail-ends.ts`). `node bench/analysis/coverage.ts` prints the proof.
import { criticalT } from '../core/student-t.ts'
import type { Estimate } from './run-document.ts'
import type { Deviation, Spread, Variance } from './spread.ts'

/** Of every interval in a report: 1 − 0.95. */
export const MISS_PROBABILITY = 0.05

/** Of log(value): between repetitions where there are two or more, else between the blocks of the only one. */
export function varianceOf(spread: Spread): Variance | null {
  const variance = between(spread.deviations) ?? spread.within
  return variance && atLeast(variance, spread.leastVariance)
}

export function atLeast({ variance, df }: Variance, least: number): Variance {
  return { variance: Math.max(variance, least), df }
}

/** Variance of the weighted mean of independent repetitions; null for fewer than two. */
export function between(deviations: readonly Deviation[]): Variance | null {
  const count = deviations.length
  if (count < 2) return null
  const mean = meanDeviation(deviations)
  const squares = deviations.reduce((sum, { deviation, weight }) => sum + (weight * (deviation - mean)) ** 2, 0)
  return { variance: (squares * count) / (count - 1), df: count - 1 }
}

export function meanDeviation(deviations: readonly Deviation[]): number {
  const weights = deviations.reduce((sum, { weight }) => sum + weight, 0)
  return deviations.reduce((sum, { deviation, weight }) => sum + deviation * weight, 0) / weights
}

/** Largest exponent of an interval's end that is still told apart: beyond e¹⁰⁰ there is nothing to say. */
const MAX_LOG_WIDTH = 100

/** low ≤ value ≤ high, always finite. */
export function intervalOf(spread: Spread): Estimate {
  const { value, shortfall, tail } = spread
  const variance = varianceOf(spread)
  if (variance === null || value === 0) return { value, low: value, high: value }
  const half = criticalT(MISS_PROBABILITY, variance.df) * Math.sqrt(variance.variance)
  const low = value * Math.exp(-Math.min(MAX_LOG_WIDTH, half))
  const high = value * Math.exp(Math.min(MAX_LOG_WIDTH, half + shortfall))
  return { value, low: Math.min(low, tail?.low ?? value), high: Math.max(high, tail?.high ?? value) }
}

/**
 * The interval of a rate, whose deviations are relative. Where they are as large as the rate itself, for example because a
 * server was gone for whole repetitions, their exponential means nothing: the interval then begins at 0 and is linear above.
 */
export function rateIntervalOf(spread: Spread): Estimate {
  const { value } = spread
  const variance = varianceOf(spread)
  const half = variance === null ? 0 : criticalT(MISS_PROBABILITY, variance.df) * Math.sqrt(variance.variance)
  return half <= 1 ? intervalOf(spread) : { value, low: 0, high: value * Math.max(Math.E, 1 + half) }
}
