// A statistic of a cell with what its uncertainty is made of: its scatter between repetitions and between time blocks.
// Intervals and comparisons are both made of this, so that they cannot disagree.
import { quantile } from '../core/quantile.ts'
import { BLOCKS, type Series } from './samples.ts'
import type { SortedSeries } from './sorted-series.ts'
import { type Ends, tailEnds } from './tail-ends.ts'

/** How far one repetition's own value lies from the pooled one, as a difference of logarithms (≈ relative). */
export interface Deviation {
  readonly repetition: number
  readonly deviation: number
  /** Share of the pool; the shares sum to 1. */
  readonly weight: number
}

export interface Variance {
  readonly variance: number
  readonly df: number
}

export interface Spread {
  /** Of the pooled samples, exact. */
  readonly value: number
  readonly deviations: readonly Deviation[]
  /** Of log(value), from the time blocks within repetitions, as if repetitions were alike; null where no blocks tell. */
  readonly within: Variance | null
  /** Of log(value), 0 or more: by how much samples as few as a part of one repetition make it too low. */
  readonly shortfall: number
  /** Of a tail quantile: what the requests beyond it leave open (`tail-ends.ts`); null for what is no tail. */
  readonly tail: Ends | null
  /** Of log(value): what counting whole requests leaves open, however well the repetitions agree. */
  readonly leastVariance: number
}

/** Latencies below a nanosecond are not real; the floor keeps logarithms finite. */
const FLOOR_MS = 1e-6

const logOf = (value: number) => Math.log(Math.max(value, FLOOR_MS))

export function quantileSpread({ series, pooled, byRepetition, thirds }: SortedSeries, fraction: number): Spread {
  const value = quantile(pooled, fraction)
  const blocks = blockVariance(series, value)
  const parts = series.map(({ repetition }, index) => {
    const sorted = byRepetition[index] as Float64Array
    return { repetition, sorted, weight: sorted.length / pooled.length }
  })
  return {
    value,
    deviations: parts.map(({ repetition, sorted, weight }) => ({
      repetition,
      deviation: logOf(quantile(sorted, fraction)) - logOf(value),
      weight,
    })),
    within: blocks && withinQuantile(pooled, fraction, blocks),
    shortfall: shortfallOf(thirds, (part) => quantileShortfall(part, pooled, fraction)),
    tail: fraction > 0.5 ? tailEnds(parts, pooled, { fraction, value, blocks }) : null,
    leastVariance: 0,
  }
}

/**
 * Few samples read their quantile at index k = (n − 1)·p, which is at (k + 1) / (n + 1) of the distribution in the mean
 * (a uniform order statistic). The pool is read there, too, so that only what correlation does is counted.
 */
function quantileShortfall(part: Float64Array, pooled: Float64Array, fraction: number): number {
  const rank = ((part.length - 1) * fraction + 1) / (part.length + 1)
  return logOf(quantile(pooled, rank)) - logOf(quantile(part, fraction))
}

/**
 * A statistic of few correlated samples is too low: they hold too few excursions. By how much parts of a repetition are
 * below all samples is by how much all samples may be below the truth: that is far too much where excursions are short,
 * but then it is next to nothing itself.
 * @param below by how much the logarithm of one part's own value is below that of all samples
 */
function shortfallOf(parts: readonly Float64Array[], below: (part: Float64Array) => number): number {
  const count = sum(parts.map((part) => part.length))
  return Math.max(0, sum(parts.map((part) => part.length * below(part))) / count)
}

/**
 * Woodruff (1952, JASA 47:635–646): the quantile's error is that of the share of samples below it, read back through
 * the distribution. The share's variance comes from blocks, so correlation within blocks is in it.
 */
function withinQuantile(pooled: Float64Array, fraction: number, share: Variance): Variance {
  const error = Math.sqrt(share.variance)
  const low = logOf(quantile(pooled, fraction - error))
  const high = logOf(quantile(pooled, fraction + error))
  // The spacing is itself a sum of that many gaps between samples, each with a relative error of 1; squared, df = m / 2.
  const gaps = Math.max(1, 2 * error * pooled.length)
  return { variance: ((high - low) / 2) ** 2, df: 1 / (1 / share.df + 2 / gaps) }
}

export function meanSpread({ series, pooled, thirds }: SortedSeries): Spread {
  const value = meanOf(pooled)
  const blocks = blockVariance(series, null)
  return {
    value,
    deviations: series.map(({ repetition, valuesMs }) => ({
      repetition,
      deviation: logOf(meanOf(valuesMs)) - logOf(value),
      weight: valuesMs.length / pooled.length,
    })),
    within: blocks && { variance: blocks.variance / Math.max(value, FLOOR_MS) ** 2, df: blocks.df },
    shortfall: shortfallOf(thirds, (part) => logOf(value) - logOf(meanOf(part))),
    tail: null,
    leastVariance: 0,
  }
}

/** One repetition's completed requests and the time that they took, block by block: of the window that they began in. */
export interface CountedWindow {
  readonly repetition: number
  readonly countByBlock: Float64Array
  /** Seconds. */
  readonly secByBlock: Float64Array
}

/**
 * Requests per second of all windows together; deviations are relative, so that an empty window stays finite.
 * @param edgeRequests by how many requests the counts of all windows together may be off at their edges
 */
export function rateSpread(
  windows: readonly CountedWindow[],
  { edgeRequests }: { readonly edgeRequests: number },
): Spread | null {
  const counted = windows.filter(({ secByBlock }) => sum(secByBlock) > 0)
  const totalSec = sum(counted.map(({ secByBlock }) => sum(secByBlock)))
  const requests = sum(counted.map(({ countByBlock }) => sum(countByBlock)))
  if (requests === 0) return null
  const value = requests / totalSec
  return {
    value,
    deviations: counted.map(({ repetition, countByBlock, secByBlock }) => ({
      repetition,
      deviation: sum(countByBlock) / sum(secByBlock) / value - 1,
      weight: sum(secByBlock) / totalSec,
    })),
    // A single window whose requests all began in one block tells nothing: as if latencies were exponential.
    within: withinRate(counted, requests) ?? (counted.length === 1 ? { variance: 1 / requests, df: requests } : null),
    shortfall: 0,
    tail: null,
    // As if any part of it were as likely: a uniform distribution's variance.
    leastVariance: (edgeRequests / requests) ** 2 / 3,
  }
}

/** Of the logarithm of requests ÷ time: what each block's requests are more than its time lets expect (batch means of a ratio). */
function withinRate(windows: readonly CountedWindow[], requests: number): Variance | null {
  let squares = 0
  let blocks = 0
  let free = 0
  for (const { countByBlock, secByBlock } of windows) {
    const rate = sum(countByBlock) / sum(secByBlock)
    const used = secByBlock.filter((sec) => sec > 0).length
    if (used < 2) continue
    squares += sum(countByBlock.map((count, at) => (count - rate * (secByBlock[at] as number)) ** 2))
    blocks += used
    free += used - 1
  }
  return free === 0 ? null : { variance: (squares * blocks) / free / requests ** 2, df: free }
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}

const meanOf = (values: Float64Array) => sum(values) / values.length

/**
 * Variance of the pooled share of values up to a limit (null for the pooled mean), from the blocks' totals around
 * their own repetition's mean (batch means).
 * Few blocks that hold most of the scatter are worth few degrees of freedom: 2K / (kurtosis − 1), K for a normal shape.
 */
function blockVariance(series: Series, limitMs: number | null): Variance | null {
  let squares = 0
  let fourths = 0
  let blocks = 0
  let free = 0
  let total = 0
  for (const { valuesMs, block } of series) {
    const sums = new Float64Array(BLOCKS)
    const counts = new Float64Array(BLOCKS)
    for (let row = 0; row < valuesMs.length; row++) {
      const at = block[row] as number
      const valueMs = valuesMs[row] as number
      sums[at] = (sums[at] as number) + (limitMs === null ? valueMs : valueMs <= limitMs ? 1 : 0)
      counts[at] = (counts[at] as number) + 1
    }
    total += valuesMs.length
    const used = counts.filter((count) => count > 0).length
    if (used < 2) continue
    const mean = sum(sums) / valuesMs.length
    const deviations = sums.map((blockSum, at) => blockSum - mean * (counts[at] as number))
    squares += sum(deviations.map((deviation) => deviation ** 2))
    fourths += sum(deviations.map((deviation) => deviation ** 4))
    blocks += used
    free += used - 1
  }
  if (free === 0) return null
  const excess = fourths - squares ** 2 / blocks
  const worth = excess > 0 ? (2 * squares ** 2) / excess : free
  return { variance: (squares * blocks) / free / total ** 2, df: Math.max(1, Math.min(free, worth)) }
}
