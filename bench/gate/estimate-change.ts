// Two stored estimates → their relative change: what is left to a gate when a baseline's samples are gone.
import type { Estimate } from '../analysis/run-document.ts'
import { criticalT, twoSidedP } from '../core/student-t.ts'

export interface RelativeChange {
  /** null: relative to nothing (no failure in the baseline). */
  readonly change: Estimate | null
  /** Two-sided, not adjusted. */
  readonly p: number
}

interface Side {
  readonly estimate: Estimate
  readonly repetitions: number
}

/** Of every stored interval: 1 − 0.95. */
const MISS_PROBABILITY = 0.05
/** Stands for the normal distribution. */
const LARGE_DF = 1e6
/** Keeps exp() finite. */
const MAX_LOG = 100

/** An interval of one repetition was made from its 16 time blocks, one of more from the repetitions. */
const dfOf = ({ repetitions }: Side) => (repetitions > 1 ? repetitions - 1 : 15)

/**
 * On logarithms, each side's variance recovered from the end of its interval that faces the other side (MOVER: Zou and
 * Donner 2008, Statistics in Medicine 27:1693–1702), with Welch's degrees of freedom.
 * @returns null where an interval reaches 0, so that nothing is relative to it
 */
export function changeOfEstimates(baseline: Side, candidate: Side): RelativeChange | null {
  const ends = [baseline.estimate, candidate.estimate].flatMap(({ value, low, high }) => [value, low, high])
  if (!ends.every((end) => end > 0 && Number.isFinite(end))) return null
  const log = Math.log(candidate.estimate.value / baseline.estimate.value)
  const down = combine(below(candidate), above(baseline))
  const up = combine(above(candidate), below(baseline))
  const facingZero = log > 0 ? down : up
  return {
    change: {
      value: Math.expm1(log),
      low: Math.expm1(log - Math.min(MAX_LOG, halfWidth(down))),
      high: Math.expm1(log + Math.min(MAX_LOG, halfWidth(up))),
    },
    p: pOf(log, facingZero),
  }
}

interface Variance {
  readonly variance: number
  readonly df: number
}

const below = (side: Side) => recovered(side, Math.log(side.estimate.value / side.estimate.low))
const above = (side: Side) => recovered(side, Math.log(side.estimate.high / side.estimate.value))

function recovered(side: Side, logWidth: number): Variance {
  const df = dfOf(side)
  return { variance: (logWidth / criticalT(MISS_PROBABILITY, df)) ** 2, df }
}

function combine(one: Variance, other: Variance): Variance {
  const variance = one.variance + other.variance
  const df = variance ** 2 / (one.variance ** 2 / one.df + other.variance ** 2 / other.df)
  return { variance, df: variance === 0 ? Math.min(one.df, other.df) : df }
}

const halfWidth = ({ variance, df }: Variance) => criticalT(MISS_PROBABILITY, df) * Math.sqrt(variance)

function pOf(difference: number, { variance, df }: Variance): number {
  if (difference === 0) return 1
  return variance === 0 ? 0 : twoSidedP(difference / Math.sqrt(variance), df)
}

export interface FailureCount {
  readonly failed: number
  readonly answered: number
}

/** Error rates by the binomial distribution's normal approximation; null where nothing was answered. */
export function changeOfErrorRates(baseline: FailureCount, candidate: FailureCount): RelativeChange | null {
  if (baseline.answered === 0 || candidate.answered === 0) return null
  const [before, after] = [baseline.failed / baseline.answered, candidate.failed / candidate.answered]
  const variance = (before * (1 - before)) / baseline.answered + (after * (1 - after)) / candidate.answered
  const p = pOf(after - before, { variance, df: LARGE_DF })
  if (before === 0) return { change: after === 0 ? { value: 0, low: 0, high: 0 } : null, p }
  const half = (criticalT(MISS_PROBABILITY, LARGE_DF) * Math.sqrt(variance)) / before
  const value = after / before - 1
  return { change: { value, low: Math.max(-1, value - half), high: value + half }, p }
}
