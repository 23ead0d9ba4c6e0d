// One series of latencies → its summary with intervals, and the spreads that comparisons are made of.
import { intervalOf } from './intervals.ts'
import type { Estimate, LatencySummary } from './run-document.ts'
import { samplesFor } from './sample-size.ts'
import type { SortedSeries } from './sorted-series.ts'
import { meanSpread, quantileSpread, type Spread } from './spread.ts'

export const PERCENTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999 } as const
export type PercentileName = keyof typeof PERCENTILES
export type LatencyStatistic = PercentileName | 'mean'

export type LatencySpreads = Readonly<Record<LatencyStatistic, Spread | null>>

/** null for what too few samples carry; a mean needs as many as a median. */
export function latencySpreads(sorted: SortedSeries): LatencySpreads {
  const count = sorted.pooled.length
  const at = (name: PercentileName) =>
    count >= samplesFor(PERCENTILES[name]) ? quantileSpread(sorted, PERCENTILES[name]) : null
  return {
    p50: at('p50'),
    p90: at('p90'),
    p95: at('p95'),
    p99: at('p99'),
    p999: at('p999'),
    mean: count >= samplesFor(PERCENTILES.p50) ? meanSpread(sorted) : null,
  }
}

export function summariseLatency(spreads: LatencySpreads, { pooled }: SortedSeries): LatencySummary {
  const estimate = (spread: Spread | null) => spread && intervalOf(spread)
  const p50 = estimate(spreads.p50)
  const upper = (spread: Spread | null) => notBelow(estimate(spread), p50)
  return {
    p50,
    p90: upper(spreads.p90),
    p95: upper(spreads.p95),
    p99: upper(spreads.p99),
    p999: upper(spreads.p999),
    mean: estimate(spreads.mean),
    min: observed(pooled[0]),
    max: observed(pooled.at(-1)),
  }
}

/**
 * Few excursions make the interval of a tail wide on both sides, since it is one of logarithms. Half of the same requests
 * took longer than the median: no percentile above it lies below.
 */
function notBelow(upper: Estimate | null, median: Estimate | null): Estimate | null {
  if (upper === null || median === null) return upper
  return { ...upper, low: Math.min(upper.value, Math.max(upper.low, median.value)) }
}

/** Extremes are facts about the samples, not estimates of anything beyond them. */
function observed(value: number | undefined): Estimate | null {
  return value === undefined ? null : { value, low: value, high: value }
}
