// Cells as rows for charts: flat, named, without what was not measured.

import { loadText } from '../../analysis/load-text.ts'
import type { CellSummary, Estimate } from '../../analysis/run-document.ts'

export interface CellRow {
  readonly target: string
  readonly batch: string
  readonly load: string
}

export interface EstimateRow extends CellRow {
  readonly value: number
  readonly low: number
  readonly high: number
}

export function rowOf(cell: CellSummary): CellRow {
  return { target: cell.target, batch: String(cell.batchSize), load: loadText(cell.load) }
}

/** One row for each cell that has the estimate. Bounds are kept above zero, which a logarithmic axis cannot show. */
export function estimateRows(
  cells: readonly CellSummary[],
  pick: (cell: CellSummary) => Estimate | null,
): EstimateRow[] {
  return cells.flatMap((cell) => {
    const estimate = pick(cell)
    if (estimate === null || !(estimate.value > 0)) return []
    const low = Math.max(estimate.low, estimate.value / 100)
    return [{ ...rowOf(cell), value: estimate.value, low, high: estimate.high }]
  })
}
