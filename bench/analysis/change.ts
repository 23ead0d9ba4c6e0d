// The relative difference of two spreads: its logarithm, its variance, and the interval and p-value that follow.
import { criticalT, twoSidedP } from '../core/student-t.ts'
import { atLeast, between, MISS_PROBABILITY, meanDeviation, varianceOf } from './intervals.ts'
import type { Estimate } from './run-document.ts'
import type { Deviation, Spread, Variance } from './spread.ts'

export interface Change {
  /** log(candidate / baseline), of the pooled values. */
  readonly log: number
  /**
   * What the mean of the repetitions' own differences is more than that. One disturbed repetition moves a pooled tail by
   * far more than their mean, around which `uncertainty` is measured: such a change is not the repetitions' own.
   */
  readonly gap: number
  readonly uncertainty: Variance
  /** By the blocks within repetitions, as if repetitions were alike; what `moderate` measures the uncertainty against; null for one repetition. */
  readonly within: Variance | null
}

/**
 * `paired`: repetition r of one side ran beside repetition r of the other, so that what slowed both cancels out.
 * `independent`: two runs at different times.
 */
export type Pairing = 'paired' | 'independent'

/** null where no variance can be told: a single repetition without blocks, or a value of 0. */
export function changeBetween(baseline: Spread, candidate: Spread, pairing: Pairing): Change | null {
  if (!(baseline.value > 0 && candidate.value > 0)) return null
  const matched = pairing === 'paired' ? differences(baseline.deviations, candidate.deviations) : []
  const scatter = between(matched)
  const paired = scatter && atLeast(scatter, baseline.leastVariance + candidate.leastVariance)
  const uncertainty = paired ?? sumOf(varianceOf(baseline), varianceOf(candidate))
  if (uncertainty === null) return null
  const repeated = baseline.deviations.length > 1 && candidate.deviations.length > 1
  return {
    log: Math.log(candidate.value / baseline.value),
    gap: paired === null ? meanOf(candidate.deviations) - meanOf(baseline.deviations) : meanDeviation(matched),
    uncertainty,
    within: repeated ? sumOf(baseline.within, candidate.within) : null,
  }
}

/** 0 where there is one: it is the pool. */
const meanOf = (deviations: readonly Deviation[]) => (deviations.length > 1 ? meanDeviation(deviations) : 0)

function differences(baseline: readonly Deviation[], candidate: readonly Deviation[]): Deviation[] {
  const byRepetition = new Map(baseline.map((entry) => [entry.repetition, entry]))
  const matched = candidate.flatMap((entry) => {
    const other = byRepetition.get(entry.repetition)
    return other === undefined
      ? []
      : [{ ...entry, deviation: entry.deviation - other.deviation, weight: (entry.weight + other.weight) / 2 }]
  })
  const weights = matched.reduce((sum, { weight }) => sum + weight, 0)
  return matched.map((entry) => ({ ...entry, weight: entry.weight / weights }))
}

/** Independent variances add up; degrees of freedom by Welch (1947) and Satterthwaite (1946). */
function sumOf(one: Variance | null, other: Variance | null): Variance | null {
  if (one === null || other === null) return null
  const variance = one.variance + other.variance
  const df =
    variance === 0
      ? Math.min(one.df, other.df)
      : variance ** 2 / (one.variance ** 2 / one.df + other.variance ** 2 / other.df)
  return { variance, df }
}

/** Two-sided, that there is no change: of what the pool and the repetitions both say. */
export function pValueOf({ log, gap, uncertainty }: Change): number {
  const sure = log > 0 ? Math.max(0, log + Math.min(0, gap)) : Math.min(0, log + Math.max(0, gap))
  if (sure === 0) return 1
  return uncertainty.variance === 0 ? 0 : twoSidedP(sure / Math.sqrt(uncertainty.variance), uncertainty.df)
}

/** Keeps exp() finite. */
const MAX_LOG = 100

/** (candidate − baseline) / baseline with its 95 % interval; excludes 0 exactly when the p-value is below 0.05. */
export function relativeChange({ log, gap, uncertainty }: Change): Estimate {
  const half = criticalT(MISS_PROBABILITY, uncertainty.df) * Math.sqrt(uncertainty.variance)
  const down = Math.min(MAX_LOG, half + Math.max(0, -gap))
  const up = Math.min(MAX_LOG, half + Math.max(0, gap))
  return { value: Math.expm1(log), low: Math.expm1(log - down), high: Math.expm1(log + up) }
}
