// Stored runs of one scenario → a series per cell: one metric over time, with the changes of its level.
import { type ChangePoint, changePoints } from './change-points.ts'
import type { Metric } from './metrics.ts'
import { type CellSummary, cellKeyOf, type Estimate, type RunDocument } from './run-document.ts'

/** Error rates are 0 nearly always, and counted: they have no level to follow. */
export type HistoryMetric = Exclude<Metric, 'errorRate'>

export interface HistoryPoint {
  readonly run: Pick<RunDocument, 'id' | 'startedAt'>
  readonly estimate: Estimate
}

export interface CellHistory {
  readonly cell: Pick<CellSummary, 'target' | 'batchSize' | 'load'>
  /** Oldest first. */
  readonly points: readonly HistoryPoint[]
  /** Indices into `points`. */
  readonly changes: readonly ChangePoint[]
}

/**
 * Cells in the order in which they first appear; those without any number are left out.
 * @param runs oldest first
 * @param isSound a cell whose number means something
 */
export function cellHistories(
  runs: readonly RunDocument[],
  metric: HistoryMetric,
  isSound: (cell: CellSummary) => boolean,
): CellHistory[] {
  const found = runs.flatMap((run) =>
    run.cells.filter(isSound).flatMap((cell) => {
      const estimate = estimateOf(cell, metric)
      return estimate === null || !(estimate.value > 0) ? [] : [{ cell, point: { run, estimate } }]
    }),
  )
  return [...Map.groupBy(found, ({ cell }) => cellKeyOf(cell)).values()].flatMap((series) => {
    const points = series.map(({ point }) => point)
    const changes = changePoints(points.map(({ estimate }) => estimate.value))
    return series[0] === undefined ? [] : [{ cell: series[0].cell, points, changes }]
  })
}

function estimateOf(cell: CellSummary, metric: HistoryMetric): Estimate | null {
  return metric === 'requestsPerSec' || metric === 'inferencesPerSec' ? cell[metric] : cell.latencyMs[metric]
}
