// Measurements made of plain numbers, for tests and simulations: everything that is not given is as if nothing happened.
import { OUTCOMES, type Outcome } from '../load/request-columns.ts'
import type { Measurement } from '../measurement/types.ts'
import type { CellKey } from '../plan/types.ts'

export interface MadeRequest {
  readonly dueMs: number
  readonly sentMs?: number
  readonly receivedMs: number
  readonly outcome?: Outcome
}

export type MadeMeasurement = Partial<CellKey> & {
  readonly repetition?: number
  readonly windowMs?: number
  readonly requests?: readonly MadeRequest[]
} & Partial<Omit<Measurement, 'columns' | 'trial' | 'windowNs' | 'schemaVersion'>>

export const CLOSED = { model: 'closed', concurrency: 1, connections: 1 } as const

export function makeMeasurement(made: MadeMeasurement = {}): Measurement {
  const {
    target = 'flask',
    batchSize = 1,
    load = CLOSED,
    repetition = 1,
    windowMs = 1000,
    requests = [],
    ...rest
  } = made
  const ns = (read: (request: MadeRequest) => number) => Float64Array.from(requests, (request) => read(request) * 1e6)
  return {
    schemaVersion: 1,
    trial: {
      id: `${target}/b${batchSize}#${repetition}`,
      target,
      batchSize,
      load,
      repetition,
      warmupMs: 0,
      durationMs: windowMs,
      timeoutMs: 1000,
    },
    engine: 'native',
    startedAtMs: 0,
    windowNs: windowMs * 1e6,
    warmup: null,
    columns: {
      length: requests.length,
      scheduledNs: ns(({ dueMs }) => dueMs),
      sentNs: ns(({ dueMs, sentMs }) => sentMs ?? dueMs),
      receivedNs: ns(({ receivedMs }) => receivedMs),
      outcome: Uint8Array.from(requests, ({ outcome = 'ok' }) => OUTCOMES.indexOf(outcome)),
    },
    answered: requests.length,
    dropped: 0,
    delayed: 0,
    censored: 0,
    streamWaits: 0,
    connects: { made: 0, p50Ms: null, p99Ms: null, tookMs: [] },
    errors: {},
    errorExamples: [],
    verification: { checked: 0, disagreed: 0, maxAbsDifference: 0 },
    client: {
      threads: 1,
      polled: false,
      cpuMs: 0,
      cpuFraction: 0,
      eventLoopDelayP99Ms: 0,
      bytesSent: 0,
      bytesReceived: 0,
    },
    server: null,
    resources: { cpuFraction: null, throttledFraction: null, memoryBytes: null, series: [], gpu: null },
    host: null,
    faults: [],
    ...rest,
  }
}

/** A closed loop at concurrency 1: each request is sent when the one before is answered; the window ends with the last. */
export function closedLoop(
  latenciesMs: Float64Array | readonly number[],
): Pick<MadeMeasurement, 'requests' | 'windowMs'> {
  let nowMs = 0
  const requests = Array.from(latenciesMs, (latencyMs) => {
    const dueMs = nowMs
    nowMs += latencyMs
    return { dueMs, receivedMs: nowMs }
  })
  return { requests, windowMs: nowMs }
}
