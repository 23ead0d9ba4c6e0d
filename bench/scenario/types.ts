// A Scenario: what a file says once it is validated, with defaults filled in and every unit resolved into its name.
import type { TlsSettings } from '../core/tls.ts'

export type Datatype = 'FP32' | 'FP64' | 'INT32' | 'INT64' | 'UINT8'

export interface TensorSpec {
  readonly name: string
  readonly datatype: Datatype
  /** Without the batch dimension. */
  readonly shape: readonly number[]
}

export interface ModelSpec {
  readonly name: string
  /** null for the server's newest. */
  readonly version: string | null
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  /** `max_batch_size` of the model's config.pbtxt where it lies in the model repository, else `null`. */
  readonly maxBatchSize: number | null
}

/** How a container is run; without any of it, it has no limits and the bridge. */
export interface ContainerSpec {
  /** null for a name of its own at each start. */
  readonly containerName: string | null
  /** `bridge`: ports published on 127.0.0.1. `host`: the machine's own network. null if nothing was asked for. */
  readonly network: 'bridge' | 'host' | null
  readonly limits: {
    /** In cores. */
    readonly cpus: number | null
    readonly memoryBytes: number | null
    /** As the kernel lists cores, e.g. `0-1,3`. */
    readonly cpuset: string | null
    readonly shmBytes: number | null
  } | null
}

export interface ImageBuild {
  /** Absolute. */
  readonly contextDir: string
  /** Relative to the context. */
  readonly dockerfile: string
  readonly args: Readonly<Record<string, string>>
}

export interface FlaskServer extends ContainerSpec {
  readonly kind: 'flask'
  /** `production`: gunicorn with keep-alive. `development`: Flask's own server, which closes after every answer. */
  readonly mode: 'production' | 'development'
  readonly workers: number
  readonly threads: number
  /** null for any free port. */
  readonly port: number | null
  /** By tag or digest; null if it is built. */
  readonly image: string | null
  /** null for dyno's own flask-app/. */
  readonly build: ImageBuild | null
  readonly env: Readonly<Record<string, string>>
  readonly startTimeoutMs: number
}

export interface TritonServer extends ContainerSpec {
  readonly kind: 'triton'
  /** By tag or digest; null for the one that suits its GPUs. */
  readonly image: string | null
  readonly gpus: 'auto' | 'all' | 'none' | number
  /** null for any free ports. */
  readonly ports: { readonly http: number; readonly grpc: number; readonly metrics: number } | null
  readonly env: Readonly<Record<string, string>>
  readonly startTimeoutMs: number
}

export interface ExternalServer {
  readonly kind: 'external'
  /** `http://host:port` or `https://host:port` */
  readonly url: string
  /** `host:port`, with TLS `https://host:port` */
  readonly grpcUrl: string | null
  readonly metricsUrl: string | null
  /** For all of its https URLs; `null` where it has none. */
  readonly tls: TlsSettings | null
  readonly startTimeoutMs: number
}

export type ServerSpec = FlaskServer | TritonServer | ExternalServer

export type EngineName = 'native' | 'autocannon' | 'grpc-js'

export interface TargetSpec {
  readonly name: string
  /** A key of `servers`. */
  readonly server: string
  readonly api: 'flask' | 'kserve'
  readonly protocol: 'http' | 'grpc'
  /** How tensors travel over HTTP; gRPC is always binary. */
  readonly tensors: 'json' | 'binary'
  /** gRPC: requests go over a stream of `ModelStreamInfer` per request in flight, not in a call each. */
  readonly streaming: boolean
  readonly engine: EngineName
}

/** A rate that changes over the measurement window, through at least two rates. */
export interface RateProfile {
  /** `ramp`: in straight lines from rate to rate. `steps`: each rate for an equal part of the window. */
  readonly shape: 'ramp' | 'steps'
  readonly requestRates: readonly number[]
}

export type LoadModel =
  | { readonly model: 'closed'; readonly concurrency: number; readonly connections: number }
  | {
      readonly model: 'open'
      /** Requests per second; of a profile, the mean over the window. */
      readonly requestRate: number
      /** null if the rate is the same all the time. */
      readonly profile: RateProfile | null
      readonly distribution: 'constant' | 'poisson'
      readonly maxInFlight: number
      readonly connections: number
    }

export type MetricName =
  | 'p50'
  | 'p90'
  | 'p95'
  | 'p99'
  | 'p999'
  | 'mean'
  | 'requestsPerSec'
  | 'inferencesPerSec'
  | 'errorRate'

/** One of the limits is set. Latencies in ms, rates per second, errorRate as a fraction. */
export interface GateSpec {
  /** Chance of a false alarm over all rules together. */
  readonly alpha: number
  /** Whether cells that would fail are measured once more before they do. */
  readonly confirm: boolean
  readonly rules: readonly GateRule[]
}

export interface GateRule {
  readonly metric: MetricName
  /** null for every target. */
  readonly target: string | null
  /** Fraction of the baseline's value by which the metric may get worse. */
  readonly maxRegression: number | null
  readonly max: number | null
  readonly min: number | null
}

/** `measure.duration: auto`: what a cell is measured for. */
export interface AutoSpec {
  /** Half widths that the 95 % intervals may have, as fractions of the values. */
  readonly p50: number
  readonly p99: number
  /** Of a cell's windows together. */
  readonly limitMs: number
}

/** |value − expected| ≤ absolute + relative · |expected|; whole numbers, booleans and text are compared exactly. */
export interface Tolerance {
  readonly absolute: number
  readonly relative: number
}

export interface VerifySpec extends Tolerance {
  /** During the load one answer in so many is compared, at random. */
  readonly every: number
}

export interface Scenario {
  readonly name: string
  readonly description: string
  readonly model: ModelSpec
  readonly servers: Readonly<Record<string, ServerSpec>>
  readonly targets: readonly TargetSpec[]
  readonly matrix: {
    readonly targets: readonly string[]
    readonly batchSizes: readonly number[]
    readonly loads: readonly LoadModel[]
  }
  /** Threads that share the load of a trial. */
  readonly workers: number
  /** Whether idle load threads poll instead of sleeping. */
  readonly polling: 'auto' | 'always' | 'never'
  readonly measure: {
    readonly warmupMs: number
    /** Of each window. */
    readonly durationMs: number
    /** With `auto`, the least number. */
    readonly repetitions: number
    /** null if windows and repetitions stay as many as they are, whatever the intervals. */
    readonly auto: AutoSpec | null
    readonly timeoutMs: number
    readonly seed: number
  }
  /** null if values are not compared. */
  readonly verify: VerifySpec | null
  readonly compare: { readonly baseline: string } | null
  readonly gate: GateSpec | null
}

/** A scenario and where it came from. */
export interface LoadedScenario {
  readonly scenario: Scenario
  /** As the user typed it. */
  readonly path: string
  /** Of the file's bytes and every `--set`. */
  readonly sha256: string
}
