// One rule's outcome for one cell, and how the cell's problems bend it: a spoiled cell never passes.
import type { Metric } from '../analysis/metrics.ts'
import {
  type Effect,
  effectOn,
  PROBLEMS,
  type Problem,
  problemThatMakes,
  voidingProblem,
} from '../analysis/problems.ts'
import type { Finding } from '../analysis/run-document.ts'
import type { JudgedCell } from './cell-metric.ts'

/** A finding without what names the cell and the rule. */
export type Outcome = Pick<Finding, 'status' | 'measured' | 'limit' | 'why'>

/** Of a baseline in the same run: whatever bends its numbers, unless it hit the candidate alike. */
export function spoilingProblem({ problems }: Pick<JudgedCell, 'problems'>, metric: Metric): Problem | null {
  const own = problems.filter(({ code }) => !PROBLEMS[code].hitsAlike)
  return (
    problemThatMakes(metric, { problems: own }, ['either-way', 'too-good', 'too-bad']) ?? voidingProblem({ problems })
  )
}

/** Of a baseline that was measured at another time: noise that hit it alone makes a slower server look good. */
export function spoilingStored(cell: Pick<JudgedCell, 'problems'>, metric: Metric): Problem | null {
  return spoilingProblem(cell, metric) ?? problemThatMakes(metric, cell, ['too-bad'])
}

export interface OutcomeOf {
  readonly metric: Metric
  /** Against a target that took turns with this one: what hits both alike leaves the comparison as it is. */
  readonly isInterleaved: boolean
}

/** A pass does not stand on a number that may be better than the server is, nor a failure on one that may be worse. */
export function spoil(
  outcome: Outcome,
  cell: Pick<JudgedCell, 'problems'>,
  { metric, isInterleaved }: OutcomeOf,
): Outcome {
  if (outcome.status === 'inconclusive') return outcome
  const wrongWay: Effect = outcome.status === 'pass' ? 'too-good' : 'too-bad'
  const spoils = ({ code }: Problem) => {
    const effect = effectOn(code, metric)
    return effect === 'either-way' || (effect === wrongWay && !(isInterleaved && PROBLEMS[code].hitsAlike))
  }
  const problem = cell.problems.find(spoils)
  if (problem === undefined) return outcome
  return { ...outcome, status: 'inconclusive', why: `${problem.code}: ${problem.message}; otherwise: ${outcome.why}` }
}
