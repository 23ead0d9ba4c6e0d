// Absolute rules (SLOs): the whole interval of a metric against a limit.
import type { Metric } from '../analysis/metrics.ts'
import type { CellSummary, Estimate } from '../analysis/run-document.ts'
import { estimateOf, type JudgedCell, textOf } from './cell-metric.ts'
import type { Outcome } from './outcome.ts'

export interface Limit {
  readonly bound: 'max' | 'min'
  /** In the metric's unit. */
  readonly limit: number
}

type LimitedCell = JudgedCell & Pick<CellSummary, 'errorRate'>

/** Pass when the whole interval is within, fail when the whole is beyond, else inconclusive. */
export function judgeAbsolute(cell: LimitedCell, metric: Metric, { bound, limit }: Limit): Outcome {
  if (!Number.isFinite(limit))
    return { status: 'inconclusive', measured: null, limit: null, why: 'the limit is no number' }
  const estimate = metric === 'errorRate' ? errorRateOf(cell) : estimateOf(cell, metric)
  if (estimate === null) {
    return { status: 'inconclusive', measured: null, limit, why: missing(cell, metric) }
  }
  const { value, low, high } = estimate
  const [within, beyond] = bound === 'max' ? [high <= limit, low > limit] : [low >= limit, high < limit]
  const interval = `${textOf(metric, value)} (95 %: ${textOf(metric, low)} to ${textOf(metric, high)})`
  const allowed = `${bound === 'max' ? 'at most' : 'at least'} ${textOf(metric, limit)}`
  if (within) return { status: 'pass', measured: value, limit, why: `${interval}, ${allowed}` }
  if (beyond) return { status: 'fail', measured: value, limit, why: `${interval}, but ${allowed} is allowed` }
  return { status: 'inconclusive', measured: value, limit, why: `${interval} straddles the limit: ${allowed}` }
}

/** Why a metric has no number, in the words of the cell's own problems where it has some. */
export function missing(cell: JudgedCell, metric: Metric): string {
  const problem = cell.problems.find(({ code }) => code !== 'error-rate') ?? cell.problems[0]
  const reason = problem === undefined ? 'too few samples' : `${problem.code}: ${problem.message}`
  return `${metric} was not measured: ${reason}`
}

/** No failure at all is taken at its word: a limit of 0 can be met. */
function errorRateOf({ errorRate }: LimitedCell): Estimate | null {
  return errorRate?.value === 0 ? { value: 0, low: 0, high: 0 } : errorRate
}
