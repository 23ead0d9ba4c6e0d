// What a terminal shows at the end of run, compare and gate. Fits 80 columns and uses more where there are more.
import pc from 'picocolors'
import { loadText } from '../analysis/load-text.ts'
import { type CellSummary, type Comparison, type GateResult, loadKeyOf } from '../analysis/run-document.ts'
import {
  BATCH,
  type CellColumn,
  CLIENT_CPU,
  COMPUTE,
  changeColumn,
  EXECUTED,
  FAILED,
  INFERENCES,
  P50,
  P99,
  QUEUE,
  REQUESTS,
  TARGET,
} from './cell-columns.ts'
import { cellText, changeText, loadsOf, sharedProblems } from './cell-text.ts'
import { findingsOf, noticesOf } from './findings.ts'
import type { ReportInput, TextOptions } from './types.ts'

type Paint = ReturnType<typeof pc.createColors>

/** The comparison at the end of a run: problems first, then a table per load, then the run in sentences. */
export function renderTable(input: ReportInput, { width, colour }: TextOptions): string {
  const paint = pc.createColors(colour)
  const { run } = input
  const columns = columnsFor(input, width)
  const blocks = loadsOf(run.cells).flatMap((load) => {
    const cells = run.cells.filter((cell) => loadKeyOf(cell.load) === loadKeyOf(load))
    return ['', paint.bold(loadText(load)), ...table(inReadingOrder(cells), columns, paint)]
  })
  return [
    ...(run.interrupted
      ? ['', paint.yellow('The run was interrupted: what follows is what was measured until then.')]
      : []),
    ...noticesOf(input).flatMap((notice) => ['', paint.yellow(`! ${notice}`)]),
    ...problemLines(input, paint),
    ...blocks,
    '',
    ...findingsOf(input),
    ...(run.gate === undefined ? [] : ['', `gate: ${run.gate.status}`]),
    '',
  ].join('\n')
}

/** By batch size, so that the targets that are to be compared stand under each other. */
function inReadingOrder(cells: readonly CellSummary[]): CellSummary[] {
  return [...cells].sort((one, other) => one.batchSize - other.batchSize)
}

/** From the most to the least needed; those that do not fit are left out, except the first four. */
function columnsFor({ run }: ReportInput, width: number): CellColumn[] {
  const change = changeColumn(run, 'p99')
  const wanted = [
    P50,
    P99,
    REQUESTS,
    INFERENCES,
    ...(change === null ? [] : [change]),
    FAILED,
    QUEUE,
    COMPUTE,
    EXECUTED,
    CLIENT_CPU,
  ]
  const chosen = [BATCH, TARGET]
  for (const column of wanted) {
    const tells = run.cells.some(
      (cell) => column.sortBy(cell) !== null && !(column === FAILED && cell.counts.failed === 0),
    )
    const fits = [...chosen, column].reduce((sum, each) => sum + widthOf(each, run.cells) + 2, 0) <= width
    if (tells && (fits || column === P50 || column === P99)) chosen.push(column)
  }
  return chosen
}

function widthOf(column: CellColumn, cells: readonly CellSummary[]): number {
  return Math.max(column.header.length, ...cells.map((cell) => column.text(cell).length))
}

function table(cells: readonly CellSummary[], columns: readonly CellColumn[], paint: Paint): string[] {
  const widths = columns.map((column) => widthOf(column, cells))
  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) => {
        const size = widths[index] ?? 0
        return columns[index]?.align === 'left' ? text.padEnd(size) : text.padStart(size)
      })
      .join('  ')
      .trimEnd()
  const rows = cells.map((cell, index) => {
    const text = line(columns.map((column) => column.text(cell)))
    const marked = cell.problems.length > 0 ? `${text}  ${paint.yellow('!')}` : text
    // A gap where the batch size changes: the eye compares within a block.
    return index > 0 && cells[index - 1]?.batchSize !== cell.batchSize ? `\n${marked}` : marked
  })
  return [paint.dim(line(columns.map(({ header }) => header))), ...rows]
}

function problemLines({ run }: ReportInput, paint: Paint): string[] {
  return sharedProblems(run.cells).flatMap(({ where, message, remedy, code }) => [
    '',
    `${paint.yellow('!')} ${where}: ${message} ${paint.dim(`[${code}]`)}`,
    `  → ${remedy}`,
  ])
}

/** `dyno compare`: one line per cell and metric. */
export function renderComparison(comparisons: readonly Comparison[], { colour }: TextOptions): string {
  const paint = pc.createColors(colour)
  if (comparisons.length === 0) return 'the two runs share no cell\n'
  const rows = comparisons.map((comparison) => ({
    cell: cellText({ ...comparison, target: comparison.candidate }),
    metric: comparison.metric,
    change: changeText(comparison),
    why: comparison.verdict === 'incomparable' ? comparison.why : '',
    verdict: comparison.verdict,
  }))
  const cellWidth = Math.max(...rows.map(({ cell }) => cell.length))
  const colours = {
    improved: paint.green,
    regressed: paint.red,
    unchanged: paint.dim,
    incomparable: paint.yellow,
  } as const
  return rows
    .map(
      ({ cell, metric, change, why, verdict }) =>
        `${cell.padEnd(cellWidth)}  ${metric.padEnd(14)}  ${colours[verdict](change)}${why === '' ? '' : `  ${why}`}\n`,
    )
    .join('')
}

/** `dyno gate`: the findings that are no pass, and the verdict. */
export function renderGate({ status, findings }: GateResult, { colour }: TextOptions): string {
  const paint = pc.createColors(colour)
  const colours = { pass: paint.green, fail: paint.red, inconclusive: paint.yellow } as const
  const passed = findings.filter((finding) => finding.status === 'pass').length
  const lines = findings
    .filter((finding) => finding.status !== 'pass')
    .map(
      (finding) =>
        `${colours[finding.status](finding.status)}  ${cellText(finding)}: ${finding.rule}\n      ${finding.why}\n`,
    )
  return `${lines.join('')}gate: ${colours[status](status)} (${passed} of ${findings.length} findings pass)\n`
}
