// The charts of a report, in the order in which they are shown. One that has nothing to show is left out.
import type { TopLevelSpec } from 'vega-lite'
import type { ReportInput } from '../types.ts'
import { latencyByBatchSize, throughputByBatchSize } from './by-batch-size.ts'
import { clientCost } from './client-cost.ts'
import { latencyAgainstThroughput } from './latency-against-throughput.ts'
import { latencyDistribution } from './latency-distribution.ts'
import { overTheRamp } from './over-the-ramp.ts'
import { resourcesOverTime } from './resources-over-time.ts'
import { serverTime } from './server-time.ts'

export interface Chart {
  /** File name without its ending. */
  readonly name: string
  /** What it shows, for readers who cannot see it. */
  readonly alt: string
  readonly spec: TopLevelSpec
}

const CHARTS = [
  {
    name: 'latency-by-batch-size',
    alt: 'p50 and p99 response time by batch size, a line per target',
    make: latencyByBatchSize,
  },
  {
    name: 'throughput-by-batch-size',
    alt: 'Inferences per second by batch size, a line per target',
    make: throughputByBatchSize,
  },
  { name: 'latency-distribution', alt: 'Response time by percentile, a line per target', make: latencyDistribution },
  {
    name: 'latency-against-throughput',
    alt: 'p50 response time against inferences per second',
    make: latencyAgainstThroughput,
  },
  {
    name: 'response-time-over-load',
    alt: 'Response time against the offered rate, a line per target',
    make: overTheRamp,
  },
  {
    name: 'server-time',
    alt: 'Mean time per request in queue and compute, by the server’s own account',
    make: serverTime,
  },
  { name: 'resources-over-time', alt: 'CPU and memory of the servers over the run', make: resourcesOverTime },
  { name: 'client-cost', alt: 'Client CPU and bytes per request', make: clientCost },
] as const

export function chartsOf(input: ReportInput): Chart[] {
  return CHARTS.flatMap(({ name, alt, make }) => {
    const spec = make(input)
    return spec === null ? [] : [{ name, alt, spec }]
  })
}
