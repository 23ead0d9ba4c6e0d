// One line of measurements.jsonl: a trial's account. Validated when read, since files can be edited.
import { z } from 'zod'
import { plainReviver } from '../core/plain-text.ts'
import type { TrialAccount } from './types.ts'
import { WARMUP_BLOCKS } from './warmup-series.ts'

/** With the number of the trial's records, which lie in a file of their own. */
export type StoredMeasurement = TrialAccount & { readonly rows: number }

const whole = z.number().int().nonnegative()
const amount = z.number().nonnegative()
const share = z.number().nullable()

const loadSchema = z.discriminatedUnion('model', [
  z.object({ model: z.literal('closed'), concurrency: whole, connections: whole }),
  z.object({
    model: z.literal('open'),
    requestRate: amount,
    profile: z.object({ shape: z.enum(['ramp', 'steps']), requestRates: z.array(amount).min(2).readonly() }).nullable(),
    distribution: z.enum(['constant', 'poisson']),
    maxInFlight: whole,
    connections: whole,
  }),
])

const storedSchema = z.object({
  schemaVersion: z.literal(1, { error: 'this schemaVersion is not known to this version of dyno' }),
  trial: z.object({
    id: z.string(),
    target: z.string(),
    batchSize: whole,
    load: loadSchema,
    warmupMs: amount,
    durationMs: amount,
    timeoutMs: amount,
    repetition: whole,
    confirms: z.boolean().exactOptional(),
  }),
  engine: z.string(),
  startedAtMs: amount,
  windowNs: amount,
  // Runs of before it was kept do not have it.
  warmup: z
    .object({
      blockMs: z.number().positive(),
      counts: z.array(whole).length(WARMUP_BLOCKS),
      medianMs: z.array(z.number().positive().nullable()).length(WARMUP_BLOCKS),
    })
    .nullable()
    .default(null),
  rows: whole,
  answered: whole,
  dropped: whole,
  delayed: whole,
  censored: whole,
  streamWaits: whole,
  // Runs of before they were kept have none.
  connects: z.object({ made: whole, p50Ms: share, p99Ms: share, tookMs: z.array(amount).default([]) }),
  errors: z.record(z.string(), whole),
  errorExamples: z.array(z.string()),
  verification: z.object({ checked: whole, disagreed: whole, maxAbsDifference: amount }),
  client: z.object({
    threads: whole,
    polled: z.boolean(),
    cpuMs: amount,
    cpuFraction: amount,
    eventLoopDelayP99Ms: amount,
    bytesSent: whole,
    bytesReceived: whole,
  }),
  server: z
    .object({
      requests: z.number().int(),
      failures: z.number().int(),
      inferences: z.number().int(),
      executions: z.number().int(),
      queueMs: share,
      computeInputMs: share,
      computeInferMs: share,
      computeOutputMs: share,
      meanExecutedBatch: share,
    })
    .nullable(),
  resources: z.object({
    cpuFraction: share,
    throttledFraction: share,
    memoryBytes: share,
    series: z.array(
      z.object({ offsetMs: z.number(), cpuFraction: z.number(), throttledFraction: share, memoryBytes: z.number() }),
    ),
    gpu: z
      .object({ utilisation: z.number(), memoryBytes: z.number(), powerWatts: share, smClockMHz: share })
      .nullable(),
  }),
  host: z
    .object({ stealFraction: share, otherFraction: share, busiest: z.string().nullable(), thermalThrottles: amount })
    .nullable(),
  faults: z.array(
    z.object({
      code: z.enum([
        'server-died',
        'server-paused',
        'refused',
        'bad-answer',
        'not-deterministic',
        'outputs-disagree',
        'count-mismatch',
        'not-run',
        'interrupted',
      ]),
      message: z.string(),
    }),
  ),
}) satisfies z.ZodType<StoredMeasurement>

/** @throws Error that names the line and the field */
export function parseMeasurements(text: string): StoredMeasurement[] {
  // A last line without its end was cut off: the disk was full, or the machine stopped.
  return text
    .slice(0, text.lastIndexOf('\n') + 1 || undefined)
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      try {
        return storedSchema.parse(JSON.parse(line, plainReviver))
      } catch (error) {
        const first = error instanceof z.ZodError ? error.issues[0] : undefined
        const why = first === undefined ? 'no JSON' : `${first.path.join('.')}: ${first.message}`
        throw new Error(`measurements.jsonl, line ${index + 1}: ${why}`, { cause: error })
      }
    })
}
