// The contract between load and everything after it: request records as columns, made by an engine, phase by phase.
import type { Trial } from '../plan/types.ts'
import type { ModelSpec, TargetSpec } from '../scenario/types.ts'

/** Order is the stored code: `OUTCOMES[column.outcome[row]]`. */
export const OUTCOMES = ['ok', 'connect', 'timeout', 'status', 'bad-response', 'aborted'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Row index → one request, in the order of completion. Times are ns since the phase's start, exact in a double. */
export interface RequestColumns {
  readonly length: number
  /** When it was due. Closed loop: when it was sent. */
  readonly scheduledNs: Float64Array
  /** When it was handed to the socket. */
  readonly sentNs: Float64Array
  /** When the last byte of the answer was read (or the failure was known). */
  readonly receivedNs: Float64Array
  /** Index into OUTCOMES. */
  readonly outcome: Uint8Array
  /** HTTP status or gRPC status; 0 where there was none (gRPC OK is 0 too). */
  readonly code: Int32Array
  readonly bytesSent: Uint32Array
  readonly bytesReceived: Uint32Array
}

/** How one trial is driven, whatever the engine. Plain data: it travels to a worker thread. */
export interface LoadJob {
  readonly trial: Trial
  readonly target: TargetSpec
  readonly model: ModelSpec
  /** `http://host:port` for HTTP targets, `host:port` for gRPC targets. */
  readonly address: string
  /** Seeds inputs and arrivals. */
  readonly seed: number
  readonly verify: { readonly tolerance: number; readonly every: number }
  /**
   * Outputs expected for each of the prebuilt requests (`REQUEST_VARIANTS` of them), each a list of tensors, row-major;
   * `null`: values are not checked (the reference target itself before its parity is known).
   */
  readonly expected: readonly (readonly Float64Array[])[] | null
}

export interface Phase {
  readonly name: 'warmup' | 'measure'
  readonly durationMs: number
}

/** Told about four times a second while a phase runs. */
export interface PhaseProgress {
  readonly elapsedMs: number
  readonly completed: number
  readonly failed: number
  /** Over the last interval. */
  readonly requestsPerSec: number
  /** Of the last interval; `null` without samples. */
  readonly p99Ms: number | null
}

export interface Verification {
  /** Answers whose values were compared. */
  readonly checked: number
  readonly disagreed: number
  readonly maxAbsDifference: number
}

/** CPU of the thread that generates the load, over the phase. */
export interface ClientUse {
  readonly cpuMs: number
  /** cpuMs / wall time of the phase, 1 = one core. */
  readonly cpuFraction: number
  readonly eventLoopDelayP99Ms: number
  readonly bytesSent: number
  readonly bytesReceived: number
}

export interface PhaseResult {
  /** Of the phase's start, epoch milliseconds. */
  readonly startedAtMs: number
  /** Length of the window in which requests were sent. */
  readonly windowNs: number
  readonly columns: RequestColumns
  /** Due, but never sent: no free slot. Open loop only. */
  readonly dropped: number
  /** Sent more than 1 ms after they were due. Open loop only. */
  readonly delayed: number
  /** Sent, and neither answered nor failed when the phase was cut off. */
  readonly censored: number
  /** Failed requests by kind: `status:503`, `grpc:14`, `timeout`, `connect`, `bad-response`, `aborted`. */
  readonly errors: Readonly<Record<string, number>>
  /** First few failure texts, for a person: `bad-response: output_0 has 3 bytes, expected 4`. At most 5, each ≤ 300 chars. */
  readonly errorExamples: readonly string[]
  readonly verification: Verification
  readonly client: ClientUse
}

/** One answered (or failed) probe request: `outputs` when it was a good answer, else why not. */
export type ProbeAnswer =
  | { readonly ok: true; readonly outputs: readonly Float64Array[] }
  | { readonly ok: false; readonly reason: string }

/** Connections to one target, over which a trial's phases run one after the other. */
export interface LoadSession {
  /** Sends each prebuilt request once, one after the other. For the parity check and as the very first warm-up. */
  probe(): Promise<readonly ProbeAnswer[]>
  /** Runs until the duration is over and every request in flight is answered or timed out; then nothing is in flight. */
  run(phase: Phase, onProgress: (progress: PhaseProgress) => void): Promise<PhaseResult>
  close(): Promise<void>
}

/** How many different prebuilt requests a trial cycles through. */
export const REQUEST_VARIANTS = 64
