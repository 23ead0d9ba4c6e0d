// The whole latency distribution: percentiles on an axis that gives each further nine the same room.
import type { TopLevelSpec } from 'vega-lite'
import { loadText } from '../../analysis/load-text.ts'
import { batchSizesOf, loadsOf } from '../cell-text.ts'
import type { ReportInput } from '../types.ts'
import { rowOf } from './rows.ts'
import { chart, subtitleOf, targetColour, valueAxis } from './theme.ts'

/** −log10(1 − q) of the labelled percentiles: 50, 90, 99, 99.9, 99.99 %. */
const NINES = [0.30103, 1, 2, 3, 4]
const LABELS =
  "datum.value < 0.5 ? '50 %' : datum.value < 1.5 ? '90 %' : datum.value < 2.5 ? '99 %' : datum.value < 3.5 ? '99.9 %' : '99.99 %'"

/** The smallest and the largest batch size: the others lie between them. */
export function latencyDistribution(input: ReportInput): TopLevelSpec | null {
  const { cells } = input.run
  const sizes = batchSizesOf(cells)
  const shown = new Set([sizes[0], sizes.at(-1)])
  const rows = input.curves.flatMap(({ cell: index, points }) => {
    const cell = cells[index]
    if (cell === undefined || !shown.has(cell.batchSize)) return []
    return points
      .filter(({ quantile, ms }) => quantile < 1 && ms > 0)
      .map(({ quantile, ms }) => ({ ...rowOf(cell), nines: -Math.log10(1 - quantile), ms }))
  })
  if (rows.length === 0) return null
  const subtitle = subtitleOf(input, 'each line ends where the samples do; all repetitions pooled')
  return chart('Latency distribution', subtitle, {
    data: { values: rows },
    transform: [{ calculate: "'batch size ' + datum.batch", as: 'size' }],
    facet: {
      column: { field: 'load', title: null, sort: loadsOf(cells).map(loadText) },
      row: { field: 'size', title: null, sort: [...shown].map((size) => `batch size ${size}`) },
    },
    spec: {
      width: 290,
      height: 190,
      mark: { type: 'line', interpolate: 'monotone', clip: true },
      encoding: {
        x: {
          field: 'nines',
          type: 'quantitative',
          title: 'percentile',
          axis: { values: NINES, labelExpr: LABELS },
          scale: { domainMin: 0, nice: false },
        },
        y: {
          field: 'ms',
          type: 'quantitative',
          title: 'response time (ms)',
          ...valueAxis(rows.map(({ ms }) => ms)),
        },
        color: targetColour(input),
      },
    },
  })
}
