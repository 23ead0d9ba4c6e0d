// The cells of one run, each against the baseline target's under the same batch size and load.
import { type CellPair, comparePairs } from './compare.ts'
import { type Comparison, conditionKeyOf } from './run-document.ts'
import type { SummarisedCell } from './summarise.ts'

/** @param baseline the target that the others are compared with; null: no comparisons */
export function compareTargets(cells: readonly SummarisedCell[], baseline: string | null): Comparison[] {
  return baseline === null ? [] : comparePairs(pairsWithin(cells, baseline), 'paired')
}

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
