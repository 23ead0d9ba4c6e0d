// cells.csv: one row a cell, one place that names its columns.
import { stringify } from 'csv-stringify/sync'
import { loadText } from '../analysis/load-text.ts'
import type { CellSummary, Estimate } from '../analysis/run-document.ts'
import { isTold } from './cell-text.ts'
import type { ReportInput } from './types.ts'

interface Column {
  readonly header: string
  readonly value: (cell: CellSummary) => string | number | null
}

const PERCENTILES = ['p50', 'p90', 'p95', 'p99', 'p999', 'mean', 'min', 'max'] as const
const COUNTS = ['sent', 'completed', 'failed', 'dropped', 'delayed', 'censored'] as const
const SERVER_TIMES = ['queueMs', 'computeInputMs', 'computeInferMs', 'computeOutputMs', 'meanExecutedBatch'] as const

const COLUMNS: readonly Column[] = [
  { header: 'target', value: (cell) => cell.target },
  { header: 'batch_size', value: (cell) => cell.batchSize },
  { header: 'load', value: (cell) => loadText(cell.load) },
  { header: 'engine', value: (cell) => cell.engine },
  { header: 'repetitions', value: (cell) => cell.repetitions },
  ...PERCENTILES.flatMap((name) => estimateColumns(`latency_${name}_ms`, (cell) => cell.latencyMs[name])),
  ...PERCENTILES.flatMap((name) => estimateColumns(`service_${name}_ms`, (cell) => cell.serviceMs[name])),
  { header: 'send_lag_p50_ms', value: (cell) => cell.sendLagMs.p50 },
  { header: 'send_lag_p99_ms', value: (cell) => cell.sendLagMs.p99 },
  { header: 'send_lag_max_ms', value: (cell) => cell.sendLagMs.max },
  ...estimateColumns('requests_per_sec', (cell) => cell.requestsPerSec),
  ...estimateColumns('inferences_per_sec', (cell) => cell.inferencesPerSec),
  ...estimateColumns('error_rate', (cell) => cell.errorRate),
  ...COUNTS.map((name) => ({ header: name, value: (cell: CellSummary) => cell.counts[name] })),
  {
    header: 'errors',
    value: (cell) =>
      Object.entries(cell.errors)
        .map(([kind, count]) => `${kind}=${count}`)
        .join(' '),
  },
  ...SERVER_TIMES.map((name) => ({ header: `server_${snake(name)}`, value: (cell: CellSummary) => cell.server[name] })),
  { header: 'server_cpu_cores', value: (cell) => cell.resources.cpuFraction },
  { header: 'server_memory_bytes', value: (cell) => cell.resources.memoryBytes },
  { header: 'server_throttled_fraction', value: (cell) => cell.resources.throttledFraction },
  { header: 'gpu_utilisation', value: (cell) => cell.resources.gpu?.utilisation ?? null },
  { header: 'gpu_memory_bytes', value: (cell) => cell.resources.gpu?.memoryBytes ?? null },
  { header: 'gpu_power_watts', value: (cell) => cell.resources.gpu?.powerWatts ?? null },
  { header: 'gpu_sm_clock_mhz', value: (cell) => cell.resources.gpu?.smClockMHz ?? null },
  { header: 'client_cpu_us_per_request', value: (cell) => cell.client.cpuUsPerRequest },
  { header: 'client_cpu_cores', value: (cell) => cell.client.cpuFraction },
  { header: 'client_event_loop_delay_p99_ms', value: (cell) => cell.client.eventLoopDelayP99Ms },
  { header: 'client_threads', value: (cell) => cell.client.threads },
  { header: 'floor_p50_ms', value: (cell) => cell.client.floor?.p50Ms ?? null },
  { header: 'floor_requests_per_sec', value: (cell) => cell.client.floor?.requestsPerSec ?? null },
  { header: 'floor_client_cpu_us_per_request', value: (cell) => cell.client.floor?.cpuUsPerRequest ?? null },
  { header: 'connections_made', value: (cell) => cell.connects.made },
  { header: 'connect_p50_ms', value: (cell) => cell.connects.p50Ms },
  { header: 'connect_p99_ms', value: (cell) => cell.connects.p99Ms },
  { header: 'bytes_sent', value: (cell) => cell.client.bytesSent },
  { header: 'bytes_received', value: (cell) => cell.client.bytesReceived },
  { header: 'problems', value: (cell) => cell.problems.map(({ code }) => code).join(' ') },
]

export function renderCsv({ run }: ReportInput): string {
  const rows = run.cells.map((cell) => COLUMNS.map(({ value }) => value(cell)))
  // escape_formulas: a spreadsheet must not run what a target is called.
  return stringify([COLUMNS.map(({ header }) => header), ...rows], { escape_formulas: true })
}

function estimateColumns(header: string, pick: (cell: CellSummary) => Estimate | null): Column[] {
  const end = (cell: CellSummary, name: 'low' | 'high') => {
    const estimate = pick(cell)
    // An error rate lies between 0 and 1, so that every interval of it says something.
    return estimate !== null && (header === 'error_rate' || isTold(estimate)) ? estimate[name] : null
  }
  return [
    { header, value: (cell) => pick(cell)?.value ?? null },
    { header: `${header}_low`, value: (cell) => end(cell, 'low') },
    { header: `${header}_high`, value: (cell) => end(cell, 'high') },
  ]
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
