// The latency distribution of a cell as a curve for charts: dense in the tail, and never beyond what the samples carry.
import { quantile } from '../core/quantile.ts'
import { samplesFor } from './sample-size.ts'

/** Equal steps of −log10(1 − quantile): as many points from p90 to p99 as from p99 to p99.9. */
const POINTS = 120
const DECADES = 4

const FRACTIONS = Array.from({ length: POINTS }, (_, index) => 1 - 10 ** (-((index + 1) * DECADES) / POINTS))

/** @param sorted pooled milliseconds, ascending */
export function latencyCurve(sorted: Float64Array): { readonly quantile: number; readonly ms: number }[] {
  return FRACTIONS.filter((fraction) => sorted.length >= samplesFor(fraction)).map((fraction) => ({
    quantile: fraction,
    ms: quantile(sorted, fraction),
  }))
}
