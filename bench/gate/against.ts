// What each cell of a run is held against under relative rules: cells of a baseline file, or of the baseline target in the run.
import { cellKeyOf, conditionKeyOf, type Metric, type RunDocument } from '../analysis/run-document.ts'
import { unlikeEnvironment } from '../analysis/unlike-environment.ts'
import type { Baseline } from './baseline.ts'
import { estimateOf, type JudgedCell } from './cell-metric.ts'
import { changeOfErrorRates, changeOfEstimates, type RelativeChange } from './estimate-change.ts'
import { spoilingProblem, spoilingStored } from './outcome.ts'
import type { JudgedChange } from './relative.ts'

/** A change that is adjusted already, one that is not yet, a reason why there is none, or `baseline`: the cell is it. */
export type Against =
  | { readonly kind: 'adjusted'; readonly change: JudgedChange }
  | { readonly kind: 'raw'; readonly change: RelativeChange }
  | { readonly kind: 'none'; readonly why: string }
  | { readonly kind: 'baseline' }

export type FindAgainst = (cell: JudgedCell, metric: Metric) => Against

const none = (why: string): Against => ({ kind: 'none', why })

/** @param force takes a baseline of an unlike machine, too */
export function againstFile(run: RunDocument, baseline: Baseline, force: boolean): FindAgainst {
  if (baseline.scenario.name !== run.scenario.name) {
    const why = `the baseline is of another scenario: '${baseline.scenario.name}', not '${run.scenario.name}'`
    return () => none(why)
  }
  const unlike = force ? [] : unlikeEnvironment(baseline.environment, run.environment)
  if (unlike.length > 0) return () => none(`the baseline is of an unlike machine: ${unlike.join('; ')}`)
  const cells = new Map<string, JudgedCell>(baseline.cells.map((cell) => [cellKeyOf(cell), cell]))
  return (cell, metric) => {
    const before = cells.get(cellKeyOf(cell))
    if (before === undefined) return none('the baseline has no such cell')
    if (before.engine !== cell.engine) {
      return none(`the baseline was measured with the engine ${before.engine}, this run with ${cell.engine}`)
    }
    return byEstimates(before, cell, metric)
  }
}

/** Comparisons made from samples where the run has them; from estimates for p99.9, which it does not compare. */
export function againstTarget(run: RunDocument): FindAgainst {
  const name = run.comparisons[0]?.baseline
  if (name === undefined) {
    return () => none('there is no baseline: give --baseline FILE, or name a target in `compare: { baseline: … }`')
  }
  const baselines = new Map<string, JudgedCell>(
    run.cells.filter(({ target }) => target === name).map((cell) => [conditionKeyOf(cell), cell]),
  )
  return (cell, metric) => {
    if (cell.target === name) return { kind: 'baseline' }
    const before = baselines.get(conditionKeyOf(cell))
    if (before === undefined) return none(`${name} has no cell under the same batch size and load`)
    const problem = spoilingProblem(before)
    if (problem !== null && metric !== 'errorRate')
      return none(`${name}, the baseline: ${problem.code}: ${problem.message}`)
    // The batch size is the same on both sides, so that the ratio of inferences is the ratio of requests.
    const compared = metric === 'inferencesPerSec' ? 'requestsPerSec' : metric
    const found = run.comparisons.find(
      (comparison) =>
        comparison.candidate === cell.target &&
        comparison.metric === compared &&
        conditionKeyOf(comparison) === conditionKeyOf(cell),
    )
    if (found === undefined) return byEstimates(before, cell, metric)
    if (found.verdict === 'incomparable') return none(found.why)
    return { kind: 'adjusted', change: { change: found.change, pAdjusted: found.pAdjusted ?? 1 } }
  }
}

function byEstimates(before: JudgedCell, after: JudgedCell, metric: Metric): Against {
  if (metric === 'errorRate') {
    const counted = ({ counts }: JudgedCell) => ({ failed: counts.failed, answered: counts.completed + counts.failed })
    const change = changeOfErrorRates(counted(before), counted(after))
    return change === null ? none('no request was answered') : { kind: 'raw', change }
  }
  const problem = spoilingStored(before)
  if (problem !== null) return none(`the baseline’s cell is spoiled: ${problem.code}: ${problem.message}`)
  const [from, to] = [estimateOf(before, metric), estimateOf(after, metric)]
  if (from === null) return none(`the baseline has no ${metric} for this cell`)
  if (to === null) return none(`${metric} was not measured in this run`)
  const change = changeOfEstimates(
    { estimate: from, repetitions: before.repetitions },
    { estimate: to, repetitions: after.repetitions },
  )
  return change === null ? none(`the interval of ${metric} reaches 0`) : { kind: 'raw', change }
}
