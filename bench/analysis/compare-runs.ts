// Two stored runs, cell by cell, from their samples: `dyno compare`.
import { type CellPair, comparePairs } from './compare.ts'
import { type CellSummary, type Comparison, cellKeyOf, type RunDocument } from './run-document.ts'
import type { SummarisedCell } from './summarise.ts'
import { unlikeEnvironment } from './unlike-environment.ts'

export interface SummarisedRun {
  readonly run: RunDocument
  /** In the order of the run's own cells. */
  readonly summarised: readonly SummarisedCell[]
}

export interface CompareRunsOptions {
  /** Compares the numbers of unlike machines, too. */
  readonly force?: boolean
}

/**
 * The cells that both runs have, in the candidate's order. `baseline` and `candidate` of a comparison name the cell's
 * target where the runs share it, so that each row says what was compared. Runs at different times are not paired.
 */
export function compareRuns(
  baseline: SummarisedRun,
  candidate: SummarisedRun,
  { force = false }: CompareRunsOptions = {},
): Comparison[] {
  const before = new Map(baseline.summarised.map((side) => [cellKeyOf(side.cell), side]))
  const pairs = candidate.summarised.flatMap((side): CellPair[] => {
    const other = before.get(cellKeyOf(side.cell))
    const name = side.cell.target
    return other === undefined ? [] : [{ baselineName: name, candidateName: name, baseline: other, candidate: side }]
  })
  const comparisons = comparePairs(pairs, 'independent')
  const unlike = force ? [] : differences(baseline.run, candidate.run)
  if (unlike.length === 0) return comparisons
  const why = `measured on unlike machines or servers: ${unlike.join('; ')}`
  return comparisons.map((comparison) => ({
    ...comparison,
    change: null,
    pAdjusted: null,
    verdict: 'incomparable',
    why,
  }))
}

/** Unlike machines, and unlike engines of the same cell: a generator's own cost is in its numbers. */
function differences(baseline: RunDocument, candidate: RunDocument): string[] {
  const engines = new Map(baseline.cells.map((cell: CellSummary) => [cellKeyOf(cell), cell.engine]))
  const unlikeEngines = candidate.cells.flatMap((cell) => {
    const engine = engines.get(cellKeyOf(cell))
    return engine === undefined || engine === cell.engine
      ? []
      : [`engine of ${cell.target}: ${engine} against ${cell.engine}`]
  })
  return [...new Set([...unlikeEnvironment(baseline.environment, candidate.environment), ...unlikeEngines])]
}
