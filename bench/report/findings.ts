// The run in two or three plain sentences, each held by the intervals: where they overlap, it says so.

import { loadText } from '../analysis/load-text.ts'
import type { Metric } from '../analysis/metrics.ts'
import { problemThatMakes, voidingProblem } from '../analysis/problems.ts'
import { type CellSummary, type Comparison, loadKeyOf } from '../analysis/run-document.ts'
import { formatChange, formatCount } from '../core/units.ts'
import { batchSizesOf, estimateMs, loadsOf } from './cell-text.ts'
import type { ReportInput } from './types.ts'

/** Empty when nothing could be compared. */
export function findingsOf({ run }: ReportInput): string[] {
  const smallest = batchSizesOf(run.cells)[0]
  return [
    ...stolenTime(run.environment.stealFraction),
    ...loadsOf(run.cells).flatMap((load) =>
      fastest(run.cells.filter((cell) => cell.batchSize === smallest && loadKeyOf(cell.load) === loadKeyOf(load))),
    ),
    ...mostInferences(run.cells),
    ...againstBaseline(run.comparisons),
  ]
}

/** Above this share the host's other guests show in the tail. */
const NOTICED_STEAL = 0.02

function stolenTime(fraction: number | null): string[] {
  if (fraction === null || fraction <= NOTICED_STEAL) return []
  const percent = Math.round(fraction * 100)
  return [`The host took ${percent} % of this machine’s CPU time for others during the run: expect wide intervals.`]
}

/** Which target has the lowest p99 (or p50, where no p99 is carried) among cells that differ in the target only. */
function fastest(cells: readonly CellSummary[]): string[] {
  const name = cells.every(({ latencyMs }) => latencyMs.p99 !== null) ? 'p99' : 'p50'
  const ranked = cells
    .filter((cell) => isSound(cell, name))
    .flatMap((cell) => {
      const estimate = cell.latencyMs[name]
      return estimate === null ? [] : [{ cell, estimate }]
    })
    .sort((one, other) => one.estimate.value - other.estimate.value)
  const [best, second] = ranked
  if (best === undefined || second === undefined) return []
  const where = `Batch ${best.cell.batchSize}, ${loadText(best.cell.load)}`
  const text = `${best.cell.target} with ${name} ${estimateMs(best.estimate)} ms`
  const other = `${second.cell.target} with ${estimateMs(second.estimate)} ms`
  return best.estimate.high < second.estimate.low
    ? [`${where}: lowest is ${text}, before ${other}.`]
    : [`${where}: lowest is ${text}; its interval overlaps that of ${other}, so the two are not told apart.`]
}

/** A cell whose value may be better than the truth is named as the best of nothing. */
function isSound(cell: CellSummary, metric: Metric): boolean {
  return voidingProblem(cell) === null && problemThatMakes(metric, cell, ['too-good', 'either-way']) === null
}

/** Of closed loops, and of open ones that the server could not follow: what is answered of less is what was asked for. */
function mostInferences(cells: readonly CellSummary[]): string[] {
  const [best, ...rest] = cells
    .filter(({ load, problems }) => load.model === 'closed' || problems.some(({ code }) => code === 'saturated'))
    .filter((cell) => isSound(cell, 'inferencesPerSec'))
    .flatMap((cell) => (cell.inferencesPerSec === null ? [] : [{ cell, estimate: cell.inferencesPerSec }]))
    .filter(({ estimate }) => estimate.value > 0)
    .sort((one, other) => other.estimate.value - one.estimate.value)
  if (best === undefined || rest.length === 0) return []
  const { value, low, high } = best.estimate
  const rival = rest.find(({ cell }) => cell.target !== best.cell.target)
  const clear = rival === undefined || rival.estimate.high < low
  const at = `${best.cell.target} at batch ${best.cell.batchSize}, ${loadText(best.cell.load)}`
  const ending = clear ? '' : `; ${rival.cell.target} overlaps it`
  return [
    `Most inferences per second: ${at}: ${formatCount(value)} [${formatCount(low)}–${formatCount(high)}]${ending}.`,
  ]
}

/** How the p50 of each other target differs from the baseline's, over the cells. */
function againstBaseline(comparisons: readonly Comparison[]): string[] {
  const byCandidate = Map.groupBy(
    comparisons.filter(({ metric, change }) => metric === 'p50' && change !== null),
    ({ candidate }) => candidate,
  )
  return [...byCandidate].map(([candidate, found]) => {
    const changes = found
      .flatMap(({ change }) => (change === null ? [] : [change.value]))
      .sort((one, other) => one - other)
    const count = (verdict: Comparison['verdict']) =>
      found.filter((comparison) => comparison.verdict === verdict).length
    const range = `${formatChange(changes[0] ?? 0)} to ${formatChange(changes.at(-1) ?? 0)}`
    return (
      `${candidate} against ${found[0]?.baseline ?? 'the baseline'}, p50: ${range}; faster in ${count('improved')} ` +
      `of ${found.length} cells, slower in ${count('regressed')}, not told apart in ${count('unchanged')}.`
    )
  })
}

/** What ran otherwise than was asked for; nobody should read the numbers without it. */
export function noticesOf({ run }: ReportInput): string[] {
  return Object.values(run.environment.servers).flatMap(({ notice }) => notice ?? [])
}
