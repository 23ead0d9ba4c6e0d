// run.json, declared once: the types of everything after the analysis and the published JSON Schema come from here.
import { z } from 'zod'
import { cacheAuditSchema, coldStartSchema, paritySchema, warmupSchema } from './checks-document.ts'
import { environmentSchema } from './environment-document.ts'
import { METRICS } from './metrics.ts'
import { PROBLEM_CODES } from './problems.ts'
import { nullable, whole } from './schema-pieces.ts'

export const estimateSchema = z
  .object({ value: z.number(), low: z.number(), high: z.number() })
  .describe('An estimate with its 95 % interval: low ≤ value ≤ high.')

const latencySchema = z
  .object({
    p50: nullable(estimateSchema),
    p90: nullable(estimateSchema),
    p95: nullable(estimateSchema),
    p99: nullable(estimateSchema),
    p999: nullable(estimateSchema),
    mean: nullable(estimateSchema),
    min: nullable(estimateSchema),
    max: nullable(estimateSchema),
  })
  .describe('Milliseconds, of completed requests pooled over the repetitions; null where too few samples carry it.')

export const loadSchema = z
  .discriminatedUnion('model', [
    z.object({ model: z.literal('closed'), concurrency: whole, connections: whole }),
    z.object({
      model: z.literal('open'),
      requestRate: z.number().describe('Requests per second; of a profile, the mean over the window.'),
      profile: nullable(
        z.object({ shape: z.enum(['ramp', 'steps']), requestRates: z.array(z.number()).min(2).readonly() }),
      ).describe('How the rate changes over the window; null: not at all.'),
      distribution: z.enum(['constant', 'poisson']),
      maxInFlight: whole,
      connections: whole,
    }),
  ])
  .describe('Closed loop at a concurrency, or open loop at a request rate (requests/s).')

export const floorSchema = z
  .object({
    requestsPerSec: z.number().describe('The most that the generator reaches under this load.'),
    p50Ms: z.number().describe('Latency that the generator and the network path add by themselves.'),
    cpuUsPerRequest: nullable(z.number()).describe('null where the threads polled.'),
  })
  .describe('The same load against a server that answers at once, measured in the same run.')

export const pieceSchema = z
  .object({
    requestsPerSec: z.number().describe('Offered: requests that were due, per second.'),
    completed: whole,
    failed: whole,
    p50Ms: nullable(z.number()),
    p99Ms: nullable(z.number()),
  })
  .describe('A part of the window: one step, or a tenth of a ramp; all repetitions together.')

export const problemSchema = z
  .object({ code: z.enum(PROBLEM_CODES), message: z.string(), remedy: z.string() })
  .describe('What spoils the cell, and what to try.')

export const cellSchema = z.object({
  target: z.string(),
  batchSize: whole,
  load: loadSchema,
  engine: z.string(),
  repetitions: whole,
  latencyMs: latencySchema.describe(`Response time: received − due. ${latencySchema.description}`),
  serviceMs: latencySchema.describe(`Service time: received − sent. ${latencySchema.description}`),
  sendLagMs: z
    .object({ p50: nullable(z.number()), p99: nullable(z.number()), max: nullable(z.number()) })
    .describe('Sent − due, in milliseconds: the generator’s own lateness.'),
  requestsPerSec: nullable(estimateSchema).describe(
    'Completed requests per second: closed loops by the time of their slots, open loops by the window; null where nothing was sent.',
  ),
  inferencesPerSec: nullable(estimateSchema).describe('requestsPerSec × batch size.'),
  errorRate: nullable(estimateSchema).describe('Failed requests of those answered; null where none was answered.'),
  counts: z.object({
    sent: whole,
    completed: whole,
    failed: whole,
    dropped: whole,
    delayed: whole,
    censored: whole,
  }),
  errors: z.record(z.string(), whole),
  errorExamples: z.array(z.string()),
  server: z
    .object({
      requests: nullable(whole),
      failures: nullable(whole),
      queueMs: nullable(z.number()),
      computeInputMs: nullable(z.number()),
      computeInferMs: nullable(z.number()),
      computeOutputMs: nullable(z.number()),
      meanExecutedBatch: nullable(z.number()),
    })
    .describe('The server’s own account of the windows: means per request; null where it tells nothing.'),
  resources: z.object({
    cpuFraction: nullable(z.number()).describe('Cores that the server kept busy.'),
    throttledFraction: nullable(z.number()).describe('Share of the time for which a limit of CPU kept it waiting.'),
    memoryBytes: nullable(z.number()),
    gpu: nullable(
      z.object({
        utilisation: z.number(),
        memoryBytes: z.number(),
        powerWatts: nullable(z.number()),
        smClockMHz: nullable(z.number()),
      }),
    ),
  }),
  client: z.object({
    threads: whole.describe('Threads that shared the load; 0 where nothing was measured.'),
    polled: z.boolean().describe('The threads polled instead of sleeping: all of the time, or before each due time.'),
    cpuUsPerRequest: nullable(z.number()).describe('null where the threads polled.'),
    cpuFraction: nullable(z.number()),
    eventLoopDelayP99Ms: nullable(z.number()).describe('Of the thread and the repetition where it was longest.'),
    bytesSent: whole,
    bytesReceived: whole,
    floor: nullable(floorSchema),
  }),
  connects: z
    .object({ made: whole, p50Ms: nullable(z.number()), p99Ms: nullable(z.number()) })
    .describe(
      'Connections made within the windows; the time is part of the latencies. Of all threads and repetitions.',
    ),
  pieces: nullable(z.array(pieceSchema)).describe('Of a load whose rate changes: in the order of time; else null.'),
  warmup: nullable(warmupSchema).default(null).describe('null where it cannot be told.'),
  problems: z.array(problemSchema),
})

export const comparisonSchema = z.object({
  baseline: z.string(),
  candidate: z.string(),
  batchSize: whole,
  load: loadSchema,
  metric: z.enum(METRICS),
  better: z.enum(['lower', 'higher']),
  change: nullable(estimateSchema).describe('(candidate − baseline) / baseline; null where incomparable.'),
  verdict: z.enum(['improved', 'regressed', 'unchanged', 'incomparable']),
  pAdjusted: nullable(z.number()).describe('Two-sided p-value, Holm-adjusted over all comparisons of the run.'),
  why: z.string(),
})

export const findingSchema = z.object({
  status: z.enum(['pass', 'fail', 'inconclusive']),
  rule: z.string(),
  target: z.string(),
  batchSize: whole,
  load: loadSchema,
  metric: z.enum(METRICS),
  measured: nullable(z.number()),
  limit: nullable(z.number()),
  why: z.string(),
})

export const gateSchema = z.object({
  status: z.enum(['pass', 'fail', 'inconclusive']),
  findings: z.array(findingSchema),
})

export const timelineSchema = z
  .object({
    target: z.string(),
    trial: z.string(),
    atMs: z.number().describe('Since the start of the run.'),
    cpuFraction: z.number(),
    throttledFraction: nullable(z.number()),
    memoryBytes: z.number(),
  })
  .describe('What the server of a target used, since the point before.')

export const runSchema = z.object({
  schemaVersion: z.literal(1),
  id: z.string(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  interrupted: z.boolean(),
  scenario: z.object({ name: z.string(), description: z.string(), sha256: z.string(), path: z.string() }),
  seed: whole,
  environment: environmentSchema,
  parity: z.array(paritySchema),
  coldStart: z.array(coldStartSchema),
  cacheAudit: z.array(cacheAuditSchema),
  cells: z.array(cellSchema),
  comparisons: z.array(comparisonSchema),
  timeline: z.array(timelineSchema),
  gate: gateSchema.optional(),
})

export type Estimate = z.infer<typeof estimateSchema>
export type LatencySummary = z.infer<typeof latencySchema>
export type Floor = z.infer<typeof floorSchema>
export type Piece = z.infer<typeof pieceSchema>
export type CellSummary = z.infer<typeof cellSchema>
export type TimelinePoint = z.infer<typeof timelineSchema>
export type Comparison = z.infer<typeof comparisonSchema>
export type Finding = z.infer<typeof findingSchema>
export type GateResult = z.infer<typeof gateSchema>
export type ParitySummary = z.infer<typeof paritySchema>
export type Environment = z.infer<typeof environmentSchema>
export type RunDocument = z.infer<typeof runSchema>

/** The latency distribution of one cell as a curve for charts: quantile (0 to 1, ascending) against milliseconds. */
export interface LatencyCurve {
  /** Index into `RunDocument.cells`. */
  readonly cell: number
  readonly points: readonly { readonly quantile: number; readonly ms: number }[]
}

/** The same text for the same cell, in whatever run: what cells are matched by. */
export function cellKeyOf({ target, batchSize, load }: Pick<CellSummary, 'target' | 'batchSize' | 'load'>): string {
  return `${target}/${conditionKeyOf({ batchSize, load })}`
}

/** Batch size and load of a cell: targets are compared under the same condition only. */
export function conditionKeyOf({ batchSize, load }: Pick<CellSummary, 'batchSize' | 'load'>): string {
  return `b${batchSize}/${loadKeyOf(load)}`
}

/** What loads are matched by: their texts are for people. */
export function loadKeyOf(load: CellSummary['load']): string {
  return load.model === 'closed'
    ? `c${load.concurrency}/${load.connections}`
    : `r${ratesKeyOf(load)}-${load.distribution}/${load.maxInFlight}/${load.connections}`
}

function ratesKeyOf({ requestRate, profile }: Extract<CellSummary['load'], { model: 'open' }>): string {
  return profile === null ? String(requestRate) : `${profile.shape}-${profile.requestRates.join('-')}`
}
