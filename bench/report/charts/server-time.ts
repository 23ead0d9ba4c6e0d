// Where the time of a request goes: the server's own account, and what is left between it and the client.
import type { TopLevelSpec } from 'vega-lite'
import { loadText } from '../../analysis/load-text.ts'
import type { CellSummary } from '../../analysis/run-document.ts'
import { batchSizesOf, loadsOf } from '../cell-text.ts'
import type { ReportInput } from '../types.ts'
import { rowOf } from './rows.ts'
import { chart, NUMBERS, subtitleOf } from './theme.ts'

const STAGES = ['queue', 'compute input', 'compute infer', 'compute output', 'network and protocol'] as const
const COLOURS = ['#E69F00', '#56B4E9', '#0072B2', '#7fb8d8', '#bbbbbb']

export function serverTime(input: ReportInput): TopLevelSpec | null {
  const rows = input.run.cells.flatMap((cell) =>
    stagesOf(cell).map((ms, stage) => ({ ...rowOf(cell), stage: STAGES[stage], order: stage, ms })),
  )
  if (rows.length === 0) return null
  const subtitle = subtitleOf(
    input,
    'mean per request, by the server’s statistics; the rest of the client’s mean is grey',
  )
  return chart('Where the time goes', subtitle, {
    data: { values: rows },
    facet: {
      column: { field: 'load', title: null, sort: loadsOf(input.run.cells).map(loadText) },
      row: { field: 'target', title: null },
    },
    resolve: { scale: { y: 'independent' } },
    spec: {
      width: 290,
      height: 120,
      mark: { type: 'bar', size: 34 },
      encoding: {
        x: {
          field: 'batch',
          type: 'ordinal',
          title: 'batch size',
          sort: batchSizesOf(input.run.cells).map(String),
          axis: { labelAngle: 0 },
        },
        y: { field: 'ms', type: 'quantitative', title: 'ms per request', ...NUMBERS },
        color: {
          field: 'stage',
          type: 'nominal',
          title: null,
          sort: [...STAGES],
          scale: { domain: [...STAGES], range: COLOURS },
        },
        order: { field: 'order', type: 'quantitative' },
      },
    },
  })
}

/** Means per request in the order of STAGES; empty where the server tells nothing. */
function stagesOf({ server, latencyMs }: CellSummary): number[] {
  const { queueMs, computeInputMs, computeInferMs, computeOutputMs } = server
  if (queueMs === null || computeInputMs === null || computeInferMs === null || computeOutputMs === null) return []
  const inside = queueMs + computeInputMs + computeInferMs + computeOutputMs
  return [
    queueMs,
    computeInputMs,
    computeInferMs,
    computeOutputMs,
    Math.max(0, (latencyMs.mean?.value ?? inside) - inside),
  ]
}
