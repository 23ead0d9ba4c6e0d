// Relative rules: how much worse than the baseline, and is that beyond chance?
import type { Metric } from '../analysis/metrics.ts'
import type { Estimate } from '../analysis/run-document.ts'
import { isHigherBetter, isOrdered, percentText } from './cell-metric.ts'
import type { Outcome } from './outcome.ts'

export interface JudgedChange {
  /** (candidate − baseline) / baseline; null: the baseline's value is 0 and the candidate's is not. */
  readonly change: Estimate | null
  readonly pAdjusted: number
}

/**
 * A pass has to exclude what the rule is there to catch: a regression of twice the allowance, or of 2 % more where
 * the allowance is smaller than that. A tighter demand would call every cell whose interval is as wide as its allowance
 * inconclusive; none at all would let a gate pass that cannot see.
 */
const BLIND_FACTOR = 2
const BLIND_MARGIN = 0.02

/** Fails only on size and significance together: beyond the allowance, and beyond chance at the family-wise alpha. */
export function judgeRelative(
  { change, pAdjusted }: JudgedChange,
  { metric, maxRegression, alpha }: { readonly metric: Metric; readonly maxRegression: number; readonly alpha: number },
): Outcome {
  const base = { limit: maxRegression, measured: change?.value ?? null }
  if (!Number.isFinite(pAdjusted) || !(maxRegression >= 0) || (change !== null && !isOrdered(change))) {
    return { ...base, measured: null, status: 'inconclusive', why: 'the comparison is no number' }
  }
  const significant = pAdjusted < alpha
  const sure = `adjusted p ${pAdjusted < 0.001 ? '< 0.001' : pAdjusted.toFixed(3)}`
  if (change === null) {
    return significant
      ? { ...base, status: 'fail', why: `${metric} was 0 in the baseline and is not any more (${sure})` }
      : {
          ...base,
          status: 'inconclusive',
          why: `${metric} was 0 in the baseline; it is not now, perhaps by chance (${sure})`,
        }
  }
  const worse = isHigherBetter(metric) ? negated(change) : change
  const text = `${describe(worse)}; ${percentText(maxRegression)} is allowed`
  if (worse.value > maxRegression) {
    return significant
      ? { ...base, status: 'fail', why: `${text} (${sure})` }
      : { ...base, status: 'inconclusive', why: `${text}, but it could be chance (${sure}): repeat more often` }
  }
  if (worse.high > Math.max(BLIND_FACTOR * maxRegression, maxRegression + BLIND_MARGIN)) {
    return { ...base, status: 'inconclusive', why: `${text}; the interval is too wide to tell: repeat more often` }
  }
  return { ...base, status: 'pass', why: text }
}

const negated = ({ value, low, high }: Estimate): Estimate => ({ value: -value, low: -high, high: -low })

function describe({ value, low, high }: Estimate): string {
  const size = value > 0 ? `${percentText(value)} worse` : value < 0 ? `${percentText(-value)} better` : 'unchanged'
  return `${size} than the baseline (95 %: ${percentText(low)} to ${percentText(high)} worse)`
}
