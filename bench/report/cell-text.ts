// How cells, loads and estimates are written, the same in every report.
import { type Load, loadText } from '../analysis/load-text.ts'
import type { Metric } from '../analysis/metrics.ts'
import type { Problem } from '../analysis/problems.ts'
import { type CellSummary, type Comparison, type Estimate, loadKeyOf } from '../analysis/run-document.ts'
import { formatChange, formatCount, significant } from '../core/units.ts'

/** What stands where nothing was measured. */
export const ABSENT = '–'

/** Offered load as a number, to order points by: never by what was achieved. */
export function offered(load: Load): number {
  return load.model === 'closed' ? load.concurrency : load.requestRate
}

export function cellText({ target, batchSize, load }: Pick<CellSummary, 'target' | 'batchSize' | 'load'>): string {
  return `${target}, batch ${batchSize}, ${loadText(load)}`
}

/** `p99 response time (ms)`, `requests per second` */
export function metricTitle(metric: Metric): string {
  switch (metric) {
    case 'requestsPerSec':
      return 'requests per second'
    case 'inferencesPerSec':
      return 'inferences per second'
    case 'errorRate':
      return 'error rate'
    case 'p999':
      return 'p99.9 response time (ms)'
    default:
      return `${metric} response time (ms)`
  }
}

/** `2026-01-01 12:00:00`, UTC */
export function runTime(startedAt: string): string {
  return startedAt.slice(0, 19).replace('T', ' ')
}

/** Milliseconds without the unit, three significant digits. */
export function msText(ms: number | null): string {
  return ms === null ? ABSENT : significant(ms)
}

/** Differences of outputs span many powers of ten: two digits and the power. */
export function differenceText(difference: number | null): string {
  return difference === null ? ABSENT : difference === 0 ? '0' : difference.toPrecision(2)
}

export function estimateMs(estimate: Estimate | null): string {
  return estimate === null ? ABSENT : `${msText(estimate.value)} ${intervalText(estimate, msText)}`
}

export function estimateCount(estimate: Estimate | null): string {
  return estimate === null ? ABSENT : `${formatCount(estimate.value)} ${intervalText(estimate, formatCount)}`
}

/** Ends that are further apart than this tell nothing, and look like knowledge. */
const MOST_RATIO = 100

/** Whether an interval says anything: one of a true 0 does, one from 0 or nearly 0 to far above does not. */
export function isTold({ low, high }: Pick<Estimate, 'low' | 'high'>): boolean {
  return high === 0 || high <= MOST_RATIO * low
}

function intervalText(estimate: Estimate, text: (value: number) => string): string {
  return isTold(estimate) ? `[${text(estimate.low)}–${text(estimate.high)}]` : '[?]'
}

export const VERDICT_MARK = { improved: '▲', regressed: '▼', unchanged: '=', incomparable: '?' } as const

/** `▲ −42 % [−50…−30]`: better, by how much, how sure. */
export function changeText({ change, verdict }: Pick<Comparison, 'change' | 'verdict'>): string {
  if (change === null) return `${VERDICT_MARK[verdict]} ${verdict}`
  const bound = (fraction: number) => formatChange(fraction).replace(' %', '')
  return `${VERDICT_MARK[verdict]} ${formatChange(change.value)} [${bound(change.low)}…${bound(change.high)}]`
}

export interface SharedProblem extends Problem {
  /** Which cells, as text. */
  readonly where: string
}

/** Problems of all cells; the same text of many cells is said once. */
export function sharedProblems(cells: readonly CellSummary[]): SharedProblem[] {
  const groups = Map.groupBy(
    cells.flatMap((cell) => cell.problems.map((problem) => ({ cell, problem }))),
    ({ cell, problem }) => `${problem.code}\n${problem.remedy}\n${cell.target}`,
  )
  return [...groups.values()].flatMap((found) => {
    const [first, ...others] = found
    if (first === undefined) return []
    const more = others.length === 0 ? '' : ` and ${others.length} more of its cells`
    return [{ ...first.problem, where: cellText(first.cell) + more }]
  })
}

/** Closed loops before open ones, each by its size: as numbers, since as text 16 comes before 2. */
export function loadOrder(load: Load): number {
  return load.model === 'closed' ? load.concurrency : OPEN_FROM + load.requestRate
}

/** Above every concurrency. */
const OPEN_FROM = 1e9

/** Distinct loads, the lighter first. */
export function loadsOf(cells: readonly CellSummary[]): readonly Load[] {
  return [...new Map(cells.map(({ load }) => [loadKeyOf(load), load])).values()].sort(
    (one, other) => loadOrder(one) - loadOrder(other),
  )
}

export function batchSizesOf(cells: readonly CellSummary[]): readonly number[] {
  return [...new Set(cells.map(({ batchSize }) => batchSize))].sort((one, other) => one - other)
}

export function targetsOf(cells: readonly CellSummary[]): readonly string[] {
  return [...new Set(cells.map(({ target }) => target))]
}
