// What load is asked for and what it says about it: jobs, phases, sessions. The records themselves are request-columns.ts.
import type { TlsSettings } from '../core/tls.ts'
import type { Trial } from '../plan/types.ts'
import type { ModelSpec, TargetSpec, VerifySpec } from '../scenario/types.ts'
import type { Outcome, RequestColumns } from './request-columns.ts'

/** How one trial is driven, whatever the engine. Plain data: it travels to a worker thread. */
export interface LoadJob {
  readonly trial: Trial
  readonly target: TargetSpec
  readonly model: ModelSpec
  /** `http://host:port` or `https://…` for HTTP targets, `host:port` or `https://…` for gRPC targets. */
  readonly address: string
  /** null without TLS. */
  readonly tls: TlsSettings | null
  /** Seeds inputs and arrivals. */
  readonly seed: number
  /** Prebuilt requests that the trial cycles through: as many as for every other target of its batch size. */
  readonly variants: number
  /** How values are compared; null if they are not. */
  readonly verify: VerifySpec | null
  /**
   * Outputs expected for each of the prebuilt requests, each a list of tensors, row-major;
   * `null` for one that the reference did not answer, and as a whole where values are not checked.
   */
  readonly expected: readonly (readonly Float64Array[] | null)[] | null
  /** The thread polls while a phase runs, instead of sleeping. */
  readonly polls: boolean
  /** Which of the threads that share the trial this job is for; the trial's slots and connections are already its own. */
  readonly share: { readonly index: number; readonly of: number }
}

export interface Phase {
  readonly name: 'warmup' | 'measure'
  readonly durationMs: number
  /** Epoch nanoseconds at which threads begin together; null for at once. */
  readonly startsAtNs: number | null
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

/** CPU of the threads that generate the load, over the phase. */
export interface ClientUse {
  readonly threads: number
  /** Some of the time was spent polling: CPU says nothing about the cost of a request then. */
  readonly polled: boolean
  readonly cpuMs: number
  /** Of the busiest thread: its CPU time / wall time of the phase, 1 = one core. */
  readonly cpuFraction: number
  /** Of the thread where it is longest. */
  readonly eventLoopDelayP99Ms: number
  readonly bytesSent: number
  readonly bytesReceived: number
}

/** Connections that were made while a phase ran; those that were open before are not among them. */
export interface ConnectTimes {
  readonly made: number
  /** `null` where none was made. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /** Ascending, in ms: all of them, or a few hundred with the same quantiles. What several are merged from. */
  readonly tookMs: readonly number[]
}

/** A phase's account, beside its records. */
export interface PhaseResult {
  /** Of the phase's start, epoch milliseconds. */
  readonly startedAtMs: number
  /** Length of the window in which requests were sent. */
  readonly windowNs: number
  /** Requests with an end, good or bad. */
  readonly answered: number
  /** Due, but never sent: no free slot. Open loop only. */
  readonly dropped: number
  /** Sent more than 1 ms after they were due. Open loop only. */
  readonly delayed: number
  /** Had to wait for one of the streams that the server allows on a connection. gRPC only. */
  readonly streamWaits: number
  /** Sent, and neither answered nor failed when the phase was cut off: records with their age as the latency. */
  readonly censored: number
  /** Failed requests by kind: `status:503`, `grpc:14`, `timeout`, `connect`, `bad-response`, `aborted`. */
  readonly connects: ConnectTimes
  readonly errors: Readonly<Record<string, number>>
  /** First few failure texts, for a person: `bad-response: output_0 has 3 bytes, expected 4`. At most 5, each ≤ 300 chars. */
  readonly errorExamples: readonly string[]
  readonly verification: Verification
  readonly client: ClientUse
}

export interface PhaseListener {
  onProgress(progress: PhaseProgress): void
  /** The phase's records, chunk by chunk while it runs; the receiver owns them. */
  onRecords(records: RequestColumns): void
}

/** One answered (or failed) probe request: `outputs` when it was a good answer, else why not; `ms` from send to answer. */
export type ProbeAnswer =
  | { readonly ok: true; readonly outputs: readonly Float64Array[]; readonly ms: number }
  | {
      readonly ok: false
      /** `form`: an answer whose status is good and whose outputs are not those of the model. */
      readonly outcome: Outcome | 'form'
      readonly reason: string
      readonly ms: number
    }

export interface ProbeRequest {
  /** Numbers of prebuilt requests; default: all. */
  readonly variants?: readonly number[]
  /** How many are in flight at once where answers are slow, at most as many as the session's slots; default: 1. */
  readonly inFlight?: number
  /** No new request is sent after this time; default: none. */
  readonly budgetMs?: number
}

/** Connections to one target, over which a trial's phases run one after the other. */
export interface LoadSession {
  /**
   * Sends prebuilt requests once each, for checks before the load.
   * @returns an answer for each asked for, in their order; `null` for those that were not sent
   */
  probe(request?: ProbeRequest): Promise<readonly (ProbeAnswer | null)[]>
  /**
   * Runs until the duration is over and every request in flight is answered or timed out; then nothing is in flight,
   * and every record has been handed on.
   */
  run(phase: Phase, listener: PhaseListener): Promise<PhaseResult>
  close(): Promise<void>
}
