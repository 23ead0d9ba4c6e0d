// Latency against throughput: what more load buys, and what it costs. Points are joined in the order of offered load.
import type { TopLevelSpec } from 'vega-lite'
import { batchSizesOf, offered } from '../cell-text.ts'
import type { ReportInput } from '../types.ts'
import { estimateRows } from './rows.ts'
import { chart, subtitleOf, targetColour, targetShape, valueAxis } from './theme.ts'

export function latencyAgainstThroughput(input: ReportInput): TopLevelSpec | null {
  const { cells } = input.run
  const rows = cells.flatMap((cell) =>
    estimateRows([cell], ({ latencyMs }) => latencyMs.p50).flatMap((row) => {
      const rate = cell.inferencesPerSec?.value ?? 0
      const load = cell.load.model === 'closed' ? `${cell.load.concurrency}` : `${cell.load.requestRate}/s`
      return rate > 0
        ? [{ ...row, size: `batch size ${row.batch}`, rate, offered: offered(cell.load), label: load }]
        : []
    }),
  )
  if (rows.length === 0) return null
  const x = {
    field: 'rate',
    type: 'quantitative',
    title: 'inferences per second',
    ...valueAxis(rows.map(({ rate }) => rate)),
  }
  const y = {
    field: 'value',
    type: 'quantitative',
    title: 'p50 response time (ms)',
    ...valueAxis(rows.map(({ value }) => value)),
  }
  const colour = targetColour(input)
  const subtitle = subtitleOf(input, 'numbers: requests in flight (or offered rate); lower right is better')
  return chart('Latency against throughput', subtitle, {
    data: { values: rows },
    facet: {
      field: 'size',
      type: 'nominal',
      title: null,
      sort: batchSizesOf(cells).map((size) => `batch size ${size}`),
    },
    columns: 2,
    spec: {
      width: 290,
      height: 190,
      encoding: { x, y, color: colour },
      layer: [
        { mark: { type: 'line', opacity: 0.6 }, encoding: { order: { field: 'offered', type: 'quantitative' } } },
        { mark: 'point', encoding: { shape: targetShape(input) } },
        { mark: { type: 'text', dy: -9, fontSize: 9 }, encoding: { text: { field: 'label' } } },
      ],
    },
  })
}
