// Error rates, with their intervals and against each other: by repetition where there are several.
import { criticalT, twoSidedP } from '../core/student-t.ts'
import { between, MISS_PROBABILITY } from './intervals.ts'
import type { Comparison, Estimate } from './run-document.ts'
import type { ErrorCount } from './summarise.ts'

interface ErrorRateChange {
  /** null where the baseline had no failure: nothing is relative to 0. */
  readonly change: Comparison['change']
  readonly p: number | null
  readonly why: string
  readonly untested: 'incomparable' | 'unchanged'
}

const NO_CHANGE = { value: 0, low: 0, high: 0 } as const

/** Stands for the normal distribution. */
const LARGE_DF = 1e6

/**
 * Failed share of the answered requests: Wilson (1927, JASA 22:209–212), who knows an upper end where nothing failed.
 * Failures that come in bursts, or in one repetition, scatter more between repetitions than independent ones would: then
 * the interval is of as many requests as that scatter is worth, with Student's t.
 */
export function errorRateOf(counts: readonly ErrorCount[]): Estimate | null {
  const value = rateOf(counts)
  if (value === null) return null
  const answered = total(counts.map((count) => count.answered))
  const binomial = binomialVariance(counts)
  const scatter = between(
    counts.flatMap((count) => {
      const own = rateOf([count])
      return own === null
        ? []
        : [{ repetition: count.repetition, deviation: own - value, weight: count.answered / answered }]
    }),
  )
  const { variance, df } =
    scatter !== null && scatter.variance > binomial ? scatter : { variance: binomial, df: LARGE_DF }
  const worth = variance === 0 ? answered : (value * (1 - value)) / variance
  const t = criticalT(MISS_PROBABILITY, df)
  const scale = 1 + t ** 2 / worth
  const centre = (value + t ** 2 / (2 * worth)) / scale
  const half = (t / scale) * Math.sqrt((value * (1 - value)) / worth + t ** 2 / (4 * worth ** 2))
  // The two ends multiply to value² / scale: by that the lower one, since a difference would lose its digits.
  const low = value ** 2 / scale / (centre + half)
  return { value, low: Math.min(value, low), high: Math.max(value, Math.min(1, centre + half)) }
}

export function compareErrorRates(baseline: readonly ErrorCount[], candidate: readonly ErrorCount[]): ErrorRateChange {
  const [before, after] = [rateOf(baseline), rateOf(candidate)]
  if (before === null || after === null) {
    return { change: null, p: null, why: 'no request was answered', untested: 'incomparable' }
  }
  if (before === 0 && after === 0) return { change: NO_CHANGE, p: null, why: 'no failures', untested: 'unchanged' }
  const { variance, df } = varianceOfDifference(baseline, candidate)
  const difference = after - before
  const p = difference === 0 ? 1 : variance === 0 ? 0 : twoSidedP(difference / Math.sqrt(variance), df)
  const why = `${percent(before)} of requests failed in the baseline, ${percent(after)} in the candidate`
  if (before === 0) return { change: null, p, why, untested: 'incomparable' }
  const half = (criticalT(MISS_PROBABILITY, df) * Math.sqrt(variance)) / before
  const value = difference / before
  return { change: { value, low: Math.max(-1, value - half), high: value + half }, p, why, untested: 'incomparable' }
}

function rateOf(counts: readonly ErrorCount[]): number | null {
  const answered = total(counts.map((count) => count.answered))
  return answered === 0 ? null : total(counts.map(({ failed }) => failed)) / answered
}

/** Between the repetitions, but never below the binomial one: failures that come in bursts scatter more, not less. */
function varianceOfDifference(baseline: readonly ErrorCount[], candidate: readonly ErrorCount[]) {
  const binomial = binomialVariance(baseline) + binomialVariance(candidate)
  const rates = new Map(baseline.map((count) => [count.repetition, rateOf([count])]))
  const deviations = candidate.flatMap((count) => {
    const before = rates.get(count.repetition) ?? null
    const after = rateOf([count])
    return before === null || after === null ? [] : [{ repetition: count.repetition, deviation: after - before }]
  })
  const scatter = between(deviations.map((entry) => ({ ...entry, weight: 1 / deviations.length })))
  if (scatter === null || scatter.variance <= binomial) return { variance: binomial, df: LARGE_DF }
  return scatter
}

function binomialVariance(counts: readonly ErrorCount[]): number {
  const rate = rateOf(counts) ?? 0
  return (rate * (1 - rate)) / total(counts.map(({ answered }) => answered))
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

const percent = (fraction: number) => `${Number((fraction * 100).toPrecision(3))} %`
