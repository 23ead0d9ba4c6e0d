// The columns of the cells' table, declared once for the terminal, Markdown and HTML.

import { loadText } from '../analysis/load-text.ts'
import { type CellSummary, loadKeyOf, type RunDocument } from '../analysis/run-document.ts'
import { formatCount } from '../core/units.ts'
import { ABSENT, changeText, estimateCount, estimateMs, loadOrder, msText } from './cell-text.ts'

export interface CellColumn {
  readonly header: string
  /** What the header means, for a reader who points at it. */
  readonly title: string
  readonly align: 'left' | 'right'
  readonly text: (cell: CellSummary) => string
  /** What the column is sorted by; `null` sorts last. */
  readonly sortBy: (cell: CellSummary) => number | string | null
}

const number = (
  header: string,
  title: string,
  value: (cell: CellSummary) => number | null,
  text: (cell: CellSummary) => string,
): CellColumn => ({ header, title, align: 'right', text, sortBy: value })

export const BATCH: CellColumn = number(
  'batch',
  'samples in a request',
  (cell) => cell.batchSize,
  (cell) => String(cell.batchSize),
)

export const TARGET: CellColumn = {
  header: 'target',
  title: 'one way to ask one server',
  align: 'left',
  text: (cell) => cell.target,
  sortBy: (cell) => cell.target,
}

export const LOAD: CellColumn = {
  header: 'load',
  title: 'closed loop: requests in flight; open loop: requests per second',
  align: 'left',
  text: (cell) => loadText(cell.load),
  sortBy: (cell) => loadOrder(cell.load),
}

export const P50 = latency('p50', 'p50 ms')
export const P99 = latency('p99', 'p99 ms')

function latency(name: 'p50' | 'p99', header: string): CellColumn {
  const title = `${name} response time in ms with its 95 % interval`
  return number(
    header,
    title,
    (cell) => cell.latencyMs[name]?.value ?? null,
    (cell) => estimateMs(cell.latencyMs[name]),
  )
}

export const REQUESTS: CellColumn = number(
  'requests/s',
  'completed requests per second with their 95 % interval',
  (cell) => cell.requestsPerSec?.value ?? null,
  (cell) => estimateCount(cell.requestsPerSec),
)

export const INFERENCES: CellColumn = number(
  'inferences/s',
  'requests/s × batch size',
  (cell) => cell.inferencesPerSec?.value ?? null,
  (cell) => (cell.inferencesPerSec === null ? ABSENT : formatCount(cell.inferencesPerSec.value)),
)

export const FAILED: CellColumn = number(
  'failed',
  'failed requests of all sent',
  (cell) => cell.counts.failed,
  (cell) => (cell.counts.failed === 0 ? '0' : `${formatCount(cell.counts.failed)}/${formatCount(cell.counts.sent)}`),
)

export const QUEUE: CellColumn = number(
  'queue ms',
  'mean wait in the server before the model runs, by its own account',
  (cell) => cell.server.queueMs,
  (cell) => msText(cell.server.queueMs),
)

export const COMPUTE: CellColumn = number(
  'infer ms',
  'mean time in the model, by the server’s own account',
  (cell) => cell.server.computeInferMs,
  (cell) => msText(cell.server.computeInferMs),
)

export const EXECUTED: CellColumn = number(
  'exec. batch',
  'mean samples per execution of the model: above the batch size means dynamic batching',
  (cell) => cell.server.meanExecutedBatch,
  (cell) => (cell.server.meanExecutedBatch === null ? ABSENT : cell.server.meanExecutedBatch.toFixed(1)),
)

export const SERVER_CPU: CellColumn = number(
  'server cores',
  'CPU of the server’s process tree, 1 = one core',
  (cell) => cell.resources.cpuFraction,
  (cell) => (cell.resources.cpuFraction === null ? ABSENT : cell.resources.cpuFraction.toFixed(2)),
)

export const CLIENT_CPU: CellColumn = number(
  'client µs',
  'CPU of the load threads per request, in microseconds; – where they polled, as they do before each due time of an open loop',
  (cell) => cell.client.cpuUsPerRequest,
  (cell) => (cell.client.cpuUsPerRequest === null ? ABSENT : formatCount(Math.round(cell.client.cpuUsPerRequest))),
)

export const FLOOR: CellColumn = number(
  'floor ms',
  'p50 of the same load against a server that answers at once: what the generator and the network path add',
  (cell) => cell.client.floor?.p50Ms ?? null,
  (cell) => msText(cell.client.floor?.p50Ms ?? null),
)

export const CEILING: CellColumn = number(
  'of ceiling',
  'requests/s as a share of what the generator reached against a server that answers at once; above 70 % it is the limit',
  ceilingShare,
  (cell) => {
    const share = ceilingShare(cell)
    return share === null ? ABSENT : `${Math.round(share * 100)} %`
  },
)

function ceilingShare({ requestsPerSec, client }: CellSummary): number | null {
  return client.floor === null || requestsPerSec === null ? null : requestsPerSec.value / client.floor.requestsPerSec
}

export const CONNECTS: CellColumn = number(
  'connect ms',
  'p50 of making a connection, and how many were made within the windows: part of the latencies of a server that closes',
  (cell) => cell.connects.p50Ms,
  ({ connects }) => (connects.made === 0 ? ABSENT : `${msText(connects.p50Ms)} × ${formatCount(connects.made)}`),
)

export const SAMPLES: CellColumn = number(
  'n',
  'completed requests that the percentiles are made of',
  (cell) => cell.counts.completed,
  (cell) => formatCount(cell.counts.completed),
)

/** The change of a metric against the baseline target of the run; `null` where there is no comparison. */
export function changeColumn(run: RunDocument, metric: 'p50' | 'p99'): CellColumn | null {
  const found = run.comparisons.filter((comparison) => comparison.metric === metric)
  const baseline = found[0]?.baseline
  if (baseline === undefined) return null
  const of = (cell: CellSummary) =>
    found.find(
      ({ candidate, batchSize, load }) =>
        candidate === cell.target && batchSize === cell.batchSize && loadKeyOf(load) === loadKeyOf(cell.load),
    )
  return {
    header: `${metric} vs ${baseline}`,
    title: `relative change of ${metric}, with its interval; ▲ better, ▼ worse, = not told apart`,
    align: 'right',
    text: (cell) => {
      const comparison = of(cell)
      return comparison === undefined ? (cell.target === baseline ? 'baseline' : ABSENT) : changeText(comparison)
    },
    sortBy: (cell) => of(cell)?.change?.value ?? null,
  }
}
