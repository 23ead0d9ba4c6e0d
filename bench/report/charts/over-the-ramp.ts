// A load that rises or steps: response time against the rate that was offered, so that the knee shows.
import type { TopLevelSpec } from 'vega-lite'
import type { ReportInput } from '../types.ts'
import { rowOf } from './rows.ts'
import { chart, subtitleOf, targetColour, targetShape, valueAxis } from './theme.ts'

export function overTheRamp(input: ReportInput): TopLevelSpec | null {
  const rows = input.run.cells.flatMap((cell) =>
    (cell.pieces ?? []).flatMap(({ requestsPerSec, p50Ms, p99Ms }) =>
      [
        { percentile: 'p50', ms: p50Ms },
        { percentile: 'p99', ms: p99Ms },
      ].flatMap(({ percentile, ms }) =>
        ms === null
          ? []
          : [{ ...rowOf(cell), panel: `batch size ${cell.batchSize}, ${percentile}`, offered: requestsPerSec, ms }],
      ),
    ),
  )
  if (rows.length === 0) return null
  const x = { field: 'offered', type: 'quantitative', title: 'offered requests per second' }
  const y = { field: 'ms', type: 'quantitative', title: 'response time (ms)' }
  return chart('Response time as the load rises', subtitleOf(input, 'by the rate in which requests were due'), {
    data: { values: rows },
    facet: { field: 'panel', type: 'nominal', title: null },
    columns: 2,
    spec: {
      width: 290,
      height: 190,
      encoding: {
        x: { ...x, ...valueAxis(rows.map(({ offered }) => offered)) },
        y: { ...y, ...valueAxis(rows.map(({ ms }) => ms)) },
        color: targetColour(input),
        detail: { field: 'load' },
      },
      layer: [
        { mark: { type: 'line', opacity: 0.6 }, encoding: { order: { field: 'offered', type: 'quantitative' } } },
        { mark: 'point', encoding: { shape: targetShape(input) } },
      ],
    },
  })
}
