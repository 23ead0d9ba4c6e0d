// Measurements of a run → cells, comparisons with the baseline target, and latency curves. Pure; nothing is drawn.
import type { Measurement } from '../measurement/types.ts'
import type { CellKey } from '../plan/types.ts'
import { type CellPair, comparePairs } from './compare.ts'
import { latencyCurve } from './latency-curve.ts'
import {
  type CellSummary,
  type Comparison,
  cellKeyOf,
  conditionKeyOf,
  type Floor,
  type LatencyCurve,
} from './run-document.ts'
import { type SummarisedCell, summarise } from './summarise.ts'

export interface AnalysisInput {
  readonly measurements: readonly Measurement[]
  /** In the plan's order; one without a measurement becomes a cell with the problem `not-run`. */
  readonly cells: readonly CellKey[]
  /** Of each cell, in the same order; null where none was measured. */
  readonly floors: readonly (Floor | null)[]
  /** Target that the others are compared with; null: no comparisons. */
  readonly baseline: string | null
}

export interface Analysis {
  readonly cells: readonly CellSummary[]
  readonly comparisons: readonly Comparison[]
  readonly curves: readonly LatencyCurve[]
}

export function analyse({ measurements, cells, floors, baseline }: AnalysisInput): Analysis {
  const summarised = summariseCells(measurements, cells, floors)
  return {
    cells: summarised.map(({ cell }) => cell),
    comparisons: baseline === null ? [] : comparePairs(pairsWithin(summarised, baseline), 'paired'),
    curves: summarised.map(({ pooledMs }, cell) => ({ cell, points: latencyCurve(pooledMs) })),
  }
}

export function summariseCells(
  measurements: readonly Measurement[],
  cells: readonly CellKey[],
  floors: readonly (Floor | null)[],
): SummarisedCell[] {
  const byCell = Map.groupBy(measurements, ({ trial }) => cellKeyOf(trial))
  return cells.map((key, index) => summarise(key, byCell.get(cellKeyOf(key)) ?? [], floors[index] ?? null))
}

/** Every target against the baseline target under the same batch size and load. */
function pairsWithin(cells: readonly SummarisedCell[], baselineName: string): CellPair[] {
  const baselines = new Map(
    cells.filter(({ cell }) => cell.target === baselineName).map((side) => [conditionKeyOf(side.cell), side]),
  )
  return cells.flatMap((candidate) => {
    const baseline = baselines.get(conditionKeyOf(candidate.cell))
    if (baseline === undefined || candidate.cell.target === baselineName) return []
    return [{ baselineName, candidateName: candidate.cell.target, baseline, candidate }]
  })
}
