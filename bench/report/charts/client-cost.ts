// What a request costs the client: CPU of the load thread, and bytes on the wire.

import type { TopLevelSpec } from 'vega-lite'
import { loadText } from '../../analysis/load-text.ts'
import { loadKeyOf } from '../../analysis/run-document.ts'
import { batchSizesOf, loadsOf, targetsOf } from '../cell-text.ts'
import type { ReportInput } from '../types.ts'
import { rowOf } from './rows.ts'
import { chart, NUMBERS, subtitleOf, targetColour } from './theme.ts'

/** At the heaviest load, where the generator is busiest. */
export function clientCost(input: ReportInput): TopLevelSpec | null {
  const { cells } = input.run
  const load = loadsOf(cells.filter(({ client }) => client.cpuUsPerRequest !== null)).at(-1)
  const rows = cells.flatMap((cell) => {
    const { cpuUsPerRequest, bytesSent, bytesReceived } = cell.client
    const answered = cell.counts.completed + cell.counts.failed
    if (load === undefined || loadKeyOf(cell.load) !== loadKeyOf(load) || cpuUsPerRequest === null || answered === 0)
      return []
    return [{ ...rowOf(cell), cpu: cpuUsPerRequest, bytes: (bytesSent + bytesReceived) / answered }]
  })
  if (load === undefined || rows.length === 0) return null
  const bars = (field: string, title: string) => ({
    width: 290,
    height: 180,
    mark: 'bar',
    encoding: {
      x: {
        field: 'batch',
        type: 'ordinal',
        title: 'batch size',
        sort: batchSizesOf(cells).map(String),
        axis: { labelAngle: 0 },
      },
      xOffset: { field: 'target', sort: targetsOf(cells) },
      y: { field, type: 'quantitative', title, ...NUMBERS },
      color: targetColour(input),
    },
  })
  return chart(
    'Cost to the client',
    subtitleOf(input, `${loadText(load)} · CPU of the load thread; bytes sent and received`),
    {
      data: { values: rows },
      hconcat: [bars('cpu', 'client CPU (µs per request)'), bars('bytes', 'bytes per request')],
    },
  )
}
