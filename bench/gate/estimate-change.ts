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
 *
 * Several baseline runs tell how runs differ beyond their intervals (other memory layout, another day); the candidate is
 * a run as well, and may differ as much (random effects: DerSimonian and Laird 1986, Controlled Clinical Trials 7:177–188).
 * @param baselines at least one
 * @returns null where an interval reaches 0, so that nothing is relative to it
 */
export function changeOfEstimates(baselines: readonly Side[], candidate: Side): RelativeChange | null {
  const ends = [...baselines, candidate].flatMap(({ estimate: { value, low, high } }) => [value, low, high])
  if (baselines.length === 0 || !ends.every((end) => end > 0 && Number.isFinite(end))) return null
  const logs = baselines.map(({ estimate }) => Math.log(estimate.value))
  const log = Math.log(candidate.estimate.value) - meanOf(logs)
  const down = combine([below(candidate), ...meanVariance(logs, baselines.map(above))])
  const up = combine([above(candidate), ...meanVariance(logs, baselines.map(below))])
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

/** Of the baselines' mean, in parts; with what the candidate may differ by as a run. */
function meanVariance(logs: readonly number[], within: readonly Variance[]): Variance[] {
  const runs = logs.length
  const ofMean = within.map(({ variance, df }) => ({ variance: variance / runs ** 2, df }))
  if (runs === 1) return ofMean
  const mean = meanOf(logs)
  const scatter = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (runs - 1)
  const between = Math.max(0, scatter - meanOf(within.map(({ variance }) => variance)))
  return [...ofMean, { variance: between * (1 + 1 / runs), df: runs - 1 }]
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

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

/** The sum of independent parts; degrees of freedom by Satterthwaite (1946). */
function combine(parts: readonly Variance[]): Variance {
  const variance = parts.reduce((sum, part) => sum + part.variance, 0)
  if (variance === 0) return { variance, df: Math.min(...parts.map(({ df }) => df)) }
  return { variance, df: variance ** 2 / parts.reduce((sum, part) => sum + part.variance ** 2 / part.df, 0) }
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
