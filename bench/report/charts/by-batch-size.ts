// Latency and throughput by batch size: a line per target, a panel per load, bars for the 95 % intervals.
import type { TopLevelSpec } from 'vega-lite'
import { loadText } from '../../analysis/load-text.ts'
import { batchSizesOf, loadsOf, targetsOf } from '../cell-text.ts'
import type { ReportInput } from '../types.ts'
import { type EstimateRow, estimateRows } from './rows.ts'
import { chart, subtitleOf, targetColour, targetShape, valueAxis } from './theme.ts'

export function latencyByBatchSize(input: ReportInput): TopLevelSpec | null {
  const panels = (['p50', 'p99'] as const).flatMap((name) => {
    const rows = estimateRows(input.run.cells, (cell) => cell.latencyMs[name])
    return rows.length === 0 ? [] : [linesByBatch(input, rows, `${name} response time (ms)`)]
  })
  if (panels.length === 0) return null
  return chart('Latency by batch size', subtitleOf(input, 'bars: 95 % intervals'), { vconcat: panels, spacing: 24 })
}

export function throughputByBatchSize(input: ReportInput): TopLevelSpec | null {
  const rows = estimateRows(input.run.cells, (cell) => cell.inferencesPerSec)
  if (rows.length === 0) return null
  const subtitle = subtitleOf(input, 'inferences/s = requests/s × batch size · bars: 95 % intervals')
  return chart('Throughput by batch size', subtitle, linesByBatch(input, rows, 'inferences per second'))
}

/** The targets stand side by side at each batch size, so that their intervals do not hide each other. */
const DODGE = { paddingInner: 0.55, paddingOuter: 0.3 }

function linesByBatch(input: ReportInput, rows: readonly EstimateRow[], title: string): object {
  const { cells } = input.run
  const y = { type: 'quantitative', title, ...valueAxis(rows.flatMap(({ low, high }) => [low, high])) }
  const x = {
    field: 'batch',
    type: 'ordinal',
    title: 'batch size',
    sort: batchSizesOf(cells).map(String),
    scale: DODGE,
    axis: { labelAngle: 0 },
  }
  const colour = targetColour(input)
  return {
    data: { values: rows },
    facet: { column: { field: 'load', title: null, sort: loadsOf(cells).map(loadText) } },
    spec: {
      width: 290,
      height: 200,
      encoding: { x, xOffset: { field: 'target', sort: targetsOf(cells) }, color: colour },
      layer: [
        { mark: 'line', encoding: { y: { ...y, field: 'value' } } },
        { mark: { type: 'rule', strokeWidth: 1.2 }, encoding: { y: { ...y, field: 'low' }, y2: { field: 'high' } } },
        { mark: 'point', encoding: { y: { ...y, field: 'value' }, shape: targetShape(input) } },
      ],
    },
  }
}
