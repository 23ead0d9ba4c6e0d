// What each cell of a run is held against under relative rules: cells of a baseline file, or of the baseline target in the run.
import type { Metric } from '../analysis/metrics.ts'
import { cellKeyOf, conditionKeyOf, type RunDocument } from '../analysis/run-document.ts'
import { unlikeEnvironment } from '../analysis/unlike-environment.ts'
import type { Baseline } from './baseline.ts'
import { estimateOf, type JudgedCell } from './cell-metric.ts'
import { changeOfErrorRates, changeOfEstimates, type RelativeChange } from './estimate-change.ts'
import { spoilingProblem, spoilingStored } from './outcome.ts'
import type { JudgedChange } from './relative.ts'

/** A change of interleaved targets, adjusted already; one that is not yet; a reason why there is none; or the cell is the baseline. */
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
  const first = baseline.runs[0]?.environment ?? run.environment
  const unlike = force ? [] : unlikeEnvironment(first, run.environment)
  if (unlike.length > 0) return () => none(`the baseline is of an unlike machine: ${unlike.join('; ')}`)
  const cells = Map.groupBy<string, JudgedCell>(
    baseline.runs.flatMap((stored) => stored.cells),
    cellKeyOf,
  )
  return (cell, metric) => {
    const before = cells.get(cellKeyOf(cell))
    if (before === undefined) return none('the baseline has no such cell')
    const other = before.find(({ engine }) => engine !== cell.engine)
    if (other !== undefined) {
      return none(`the baseline was measured with the engine ${other.engine}, this run with ${cell.engine}`)
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
    const problem = spoilingProblem(before, metric)
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
    if (found === undefined) return byEstimates([before], cell, metric)
    if (found.verdict === 'incomparable') return none(found.why)
    return { kind: 'adjusted', change: { change: found.change, pAdjusted: found.pAdjusted ?? 1 } }
  }
}

/** @param befores the same cell in one baseline run or several; spoiled ones are left out while a good one is left */
function byEstimates(befores: readonly JudgedCell[], after: JudgedCell, metric: Metric): Against {
  if (metric === 'errorRate') {
    const change = changeOfErrorRates(countedIn(befores), countedIn([after]))
    return change === null ? none('no request was answered') : { kind: 'raw', change }
  }
  const good = befores.filter((cell) => spoilingStored(cell, metric) === null)
  const problem = good.length === 0 && befores[0] !== undefined ? spoilingStored(befores[0], metric) : null
  if (problem !== null) return none(`the baseline’s cell is spoiled: ${problem.code}: ${problem.message}`)
  const from = good.flatMap((cell) => sideOf(cell, metric) ?? [])
  const to = sideOf(after, metric)
  if (from.length === 0) return none(`the baseline has no ${metric} for this cell`)
  if (to === null) return none(`${metric} was not measured in this run`)
  const change = changeOfEstimates(from, to)
  return change === null ? none(`the interval of ${metric} reaches 0`) : { kind: 'raw', change }
}

function sideOf(cell: JudgedCell, metric: Exclude<Metric, 'errorRate'>) {
  const estimate = estimateOf(cell, metric)
  return estimate && { estimate, repetitions: cell.repetitions }
}

function countedIn(cells: readonly JudgedCell[]) {
  const total = (read: (cell: JudgedCell) => number) => cells.reduce((sum, cell) => sum + read(cell), 0)
  const failed = total(({ counts }) => counts.failed)
  return { failed, answered: failed + total(({ counts }) => counts.completed) }
}
