// What one trial left behind: request records and everything observed beside them. Durable; summaries are made of it.
import type { TimeColumns } from '../load/request-columns.ts'
import type { ClientUse, ConnectTimes, Verification } from '../load/types.ts'
import type { Trial } from '../plan/types.ts'
import type { HostLoad } from './host-load.ts'
import type { WarmupSeries } from './warmup-series.ts'

/** The server's own account of the measurement window; means per request, from the difference of two readings. */
export interface ServerStatistics {
  /** Successful requests that the server counted. */
  readonly requests: number
  readonly failures: number
  readonly inferences: number
  /** Executions of the model; inferences / executions = mean executed batch. */
  readonly executions: number
  readonly queueMs: number | null
  readonly computeInputMs: number | null
  readonly computeInferMs: number | null
  readonly computeOutputMs: number | null
  readonly meanExecutedBatch: number | null
}

/** What a server used between two readings. */
export interface ResourcePoint {
  /** Of the later reading, from the start of the window. */
  readonly offsetMs: number
  readonly cpuFraction: number
  readonly throttledFraction: number | null
  readonly memoryBytes: number
}

export interface ResourceUse {
  /** CPU seconds used / window, 1 = one core. */
  readonly cpuFraction: number | null
  /** Share of the window for which a limit of CPU kept it waiting; `null` where nothing limits it. */
  readonly throttledFraction: number | null
  /** Largest reading in the window. */
  readonly memoryBytes: number | null
  readonly series: readonly ResourcePoint[]
  readonly gpu: {
    readonly utilisation: number
    readonly memoryBytes: number
    readonly powerWatts: number | null
    readonly smClockMHz: number | null
  } | null
}

/** Where a trial's cell is spoiled by something that the records alone do not show. */
export interface TrialFault {
  readonly code:
    | 'server-died'
    | 'server-paused'
    | 'refused'
    | 'bad-answer'
    | 'not-deterministic'
    | 'outputs-disagree'
    | 'count-mismatch'
    | 'not-run'
    | 'interrupted'
  readonly message: string
}

/** A trial's account, beside its records. */
export interface TrialAccount {
  readonly schemaVersion: 1
  readonly trial: Trial
  readonly engine: string
  readonly startedAtMs: number
  readonly windowNs: number
  /** `null` where there was none, or where it was not kept. */
  readonly warmup: WarmupSeries | null
  /** Requests with an end, good or bad. */
  readonly answered: number
  readonly dropped: number
  readonly delayed: number
  readonly censored: number
  readonly streamWaits: number
  readonly connects: ConnectTimes
  readonly errors: Readonly<Record<string, number>>
  readonly errorExamples: readonly string[]
  readonly verification: Verification
  readonly client: ClientUse
  readonly server: ServerStatistics | null
  readonly resources: ResourceUse
  /** Who else used the machine; `null` where nothing was measured. */
  readonly host: HostLoad | null
  readonly faults: readonly TrialFault[]
}

export interface Measurement extends TrialAccount {
  readonly columns: TimeColumns
}

/** Agreement of one target with the reference before the load. */
export interface ParityResult {
  readonly target: string
  readonly against: string
  readonly batchSize: number
  readonly maxAbsDifference: number | null
  readonly ok: boolean
  /** What is wrong; null when ok. */
  readonly code: 'refused' | 'bad-answer' | 'not-deterministic' | 'outputs-disagree' | null
  /** Why not, in one sentence; null when ok. */
  readonly reason: string | null
}

/** A target's first answer, which pays for what is set up on demand, beside those that came after it. */
export interface FirstAnswer {
  readonly target: string
  readonly firstMs: number
  /** Median. */
  readonly laterMs: number
}

/** Inputs that a target had not seen, and the same once more: medians, ms, of one request in flight. */
export interface CacheAudit {
  readonly target: string
  readonly batchSize: number
  /** Of the fastest set of new inputs. */
  readonly freshMs: number
  /** Of the slowest set of repeated ones. */
  readonly repeatedMs: number
  readonly suspected: boolean
}

/** What the generator itself reaches and adds under a cell's load: the same load against a server that answers at once. */
export interface ClientFloor {
  readonly requestsPerSec: number
  readonly p50Ms: number
  /** `null` where the threads polled. */
  readonly cpuUsPerRequest: number | null
}
