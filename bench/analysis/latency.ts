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
  return {
    p50: estimate(spreads.p50),
    p90: estimate(spreads.p90),
    p95: estimate(spreads.p95),
    p99: estimate(spreads.p99),
    p999: estimate(spreads.p999),
    mean: estimate(spreads.mean),
    min: observed(pooled[0]),
    max: observed(pooled.at(-1)),
  }
}

/** Extremes are facts about the samples, not estimates of anything beyond them. */
function observed(value: number | undefined): Estimate | null {
  return value === undefined ? null : { value, low: value, high: value }
}
