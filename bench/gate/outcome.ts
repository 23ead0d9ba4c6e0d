// One rule's outcome for one cell, and how the cell's problems bend it: a spoiled cell never passes.
import type { Finding, Problem, ProblemCode } from '../analysis/run-document.ts'
import type { JudgedCell } from './cell-metric.ts'

/** A finding without what names the cell and the rule. */
export type Outcome = Pick<Finding, 'status' | 'measured' | 'limit' | 'why'>

/** The numbers cannot be believed, whichever way they point. */
const MEANINGLESS = new Set<ProblemCode>([
  // Another load than the one that was asked for.
  'stream-limit',
  'outputs-disagree',
  'server-died',
  'server-paused',
  'count-mismatch',
  'not-run',
  'interrupted',
  'generator-limited',
  'not-steady',
])
/** The server's own doing: a failure stands, a pass does not. */
const FLATTERING = new Set<ProblemCode>(['error-rate', 'dropped-requests', 'saturated', 'cache-suspected'])

/** Not the server's doing, and never to its advantage: a pass stands, a failure does not, unless noise hit both sides. */
const BLURRING: ProblemCode = 'noisy-host'

/** Of a baseline in the same run. `too-few-samples` is left out: where it matters the metric is null; `not-precise`, since intervals are judged. */
export function spoilingProblem(cell: Pick<JudgedCell, 'problems'>): Problem | null {
  return cell.problems.find(({ code }) => MEANINGLESS.has(code) || FLATTERING.has(code)) ?? null
}

/** Of a baseline that was measured at another time: noise that hit it alone makes a slower server look good. */
export function spoilingStored(cell: Pick<JudgedCell, 'problems'>): Problem | null {
  return spoilingProblem(cell) ?? cell.problems.find(({ code }) => code === BLURRING) ?? null
}

export interface OutcomeOf {
  /** Failures are counted, not estimated: a failed rule about them stands whatever else happened. */
  readonly isErrorRate: boolean
  /** Against a target that took turns with this one: noise hit both, and its scatter is in the p-value. */
  readonly isInterleaved: boolean
}

export function spoil(
  outcome: Outcome,
  cell: Pick<JudgedCell, 'problems'>,
  { isErrorRate, isInterleaved }: OutcomeOf,
): Outcome {
  if (outcome.status === 'inconclusive') return outcome
  if (isErrorRate && outcome.status === 'fail') return outcome
  const spoils = ({ code }: Problem) =>
    MEANINGLESS.has(code) ||
    (outcome.status === 'fail' && code === BLURRING && !isInterleaved) ||
    (outcome.status === 'pass' && FLATTERING.has(code) && !(isErrorRate && code === 'error-rate'))
  const problem = cell.problems.find(spoils)
  if (problem === undefined) return outcome
  return { ...outcome, status: 'inconclusive', why: `${problem.code}: ${problem.message}; otherwise: ${outcome.why}` }
}
