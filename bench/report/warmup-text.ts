// When the cells' warm-ups had settled, in a sentence.
import type { CellSummary } from '../analysis/run-document.ts'
import { formatMs } from '../core/units.ts'
import { cellText } from './cell-text.ts'
import type { ReportInput } from './types.ts'

/** Empty where nothing could be told of any cell. */
export function warmupSentences({ run }: ReportInput): string[] {
  const told = run.cells.flatMap((cell) => (cell.warmup === null ? [] : [{ cell, ...cell.warmup }]))
  const [first] = told
  if (first === undefined) return []
  const settled = told.flatMap(({ cell, settledAfterMs }) =>
    settledAfterMs === null ? [] : [{ cell, settledAfterMs }],
  )
  const parts = [
    settled.length === 0
      ? 'no cell had settled at its end'
      : `settled in ${settled.length} of ${run.cells.length} cells, ${latest(settled)}`,
    ...(told.length < run.cells.length ? [`not told in ${run.cells.length - told.length}`] : []),
  ]
  return [`Warm-up of ${formatMs(first.lengthMs)}: ${parts.join('; ')}.`]
}

function latest(settled: readonly { readonly cell: CellSummary; readonly settledAfterMs: number }[]): string {
  const last = settled.reduce((one, other) => (other.settledAfterMs > one.settledAfterMs ? other : one))
  if (last.settledAfterMs === 0) return 'at once'
  return `the last of them after ${formatMs(last.settledAfterMs)} (${cellText(last.cell)})`
}
