// What `dyno history` says in a terminal: the runs, and each cell's series with the changes of its level.
import pc from 'picocolors'
import type { CellHistory, HistoryMetric } from '../analysis/history.ts'
import type { RunDocument } from '../analysis/run-document.ts'
import { formatChange, formatCount, significant } from '../core/units.ts'
import { cellText, metricTitle, runTime } from './cell-text.ts'
import type { TextOptions } from './types.ts'

export const RUN_COLUMNS = ['started (UTC)', 'scenario', 'run', 'cells', 'requests', 'problems', 'gate'] as const

const NUMBERS: readonly string[] = ['cells', 'requests', 'problems']

export const isNumberColumn = (column: number) => NUMBERS.includes(RUN_COLUMNS[column] ?? '')

/** A run in the columns' order. */
export function runRow(run: RunDocument): string[] {
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
  return [
    runTime(run.startedAt),
    run.scenario.name,
    run.id,
    String(run.cells.length),
    formatCount(total(run.cells.map(({ counts }) => counts.sent))),
    String(total(run.cells.map(({ problems }) => problems.length))),
    run.interrupted ? 'interrupted' : (run.gate?.status ?? '–'),
  ]
}

export function renderRuns(runs: readonly RunDocument[], { colour }: TextOptions): string {
  if (runs.length === 0) return 'no run can be shown\n'
  const paint = pc.createColors(colour)
  const rows = [[...RUN_COLUMNS], ...runs.map(runRow)]
  const widths = RUN_COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row, index) => {
      const texts = row.map((text, column) =>
        isNumberColumn(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0),
      )
      const line = texts.join('  ').trimEnd()
      return `${index === 0 ? paint.dim(line) : line}\n`
    })
    .join('')
}

export function renderHistories(
  histories: readonly CellHistory[],
  metric: HistoryMetric,
  { colour }: TextOptions,
): string {
  const paint = pc.createColors(colour)
  const cellWidth = Math.max(0, ...histories.map(({ cell }) => cellText(cell).length))
  const lines = histories.map(({ cell, points }) => {
    const values = points.map(({ estimate }) => estimate.value)
    const ends = [values[0], values.at(-1)].map((value) => significant(value ?? 0)).join(' → ')
    return `${cellText(cell).padEnd(cellWidth)}  ${sparkline(values)}  ${ends}\n`
  })
  const changes = changeSentences(histories)
  return [
    `${paint.bold(metricTitle(metric))}, oldest run first\n`,
    ...lines,
    '\n',
    ...(changes.length === 0
      ? ['No change of level was found.\n']
      : changes.map((text) => `${paint.yellow('!')} ${text}\n`)),
  ].join('')
}

/** `flask, batch 1, concurrency 1: +12 % from 2026-01-02 10:00:00 on (run 20260102-100000-smoke, p 0.002)` */
export function changeSentences(histories: readonly CellHistory[]): string[] {
  return histories.flatMap(({ cell, points, changes }) =>
    changes.flatMap(({ index, change, p }) => {
      const run = points[index]?.run
      if (run === undefined) return []
      const when = `from ${runTime(run.startedAt)} on (run ${run.id}, p ${p.toFixed(3)})`
      return [`${cellText(cell)}: ${formatChange(change)} ${when}`]
    }),
  )
}

const BARS = '▁▂▃▄▅▆▇█'
const MAX_BARS = 40

/** The range is a third of the highest value at least, so that noise does not look like a cliff. */
const MAX_FLOOR = 2 / 3

/** Of the newest values. */
function sparkline(values: readonly number[]): string {
  const shown = values.slice(-MAX_BARS)
  const highest = Math.max(...shown)
  const floor = Math.min(MAX_FLOOR * highest, ...shown)
  const step = (highest - floor) / BARS.length
  return shown.map((value) => BARS[Math.min(BARS.length - 1, Math.floor((value - floor) / step))]).join('')
}
