// What a runtime gives the rest: servers that answer, what they are, what they use, and how to stop them.
import type { TlsSettings } from '../core/tls.ts'
import type { ServerSpec } from '../scenario/types.ts'

export type RuntimeName = 'local' | 'docker'

/** What exactly was measured. `null` where it does not apply or is not known. */
export interface Identity {
  readonly kind: ServerSpec['kind']
  readonly runtime: RuntimeName | 'external'
  readonly imageDigest: string | null
  readonly serverName: string | null
  readonly serverVersion: string | null
  readonly modelVersion: string | null
  readonly modelSha256: string | null
  readonly device: 'cpu' | 'gpu' | null
  readonly pid: number | null
  readonly containerId: string | null
  /** What ran its container, e.g. `Docker 27.3.1`. */
  readonly engine: string | null
  /** e.g. `gunicorn gthread, 1 worker × 4 threads` */
  readonly detail: string
  /** What runs otherwise than was asked for, in one sentence; `null` where nothing does. */
  readonly notice: string | null
}

/** Of all boards that a server uses, at one moment. */
export interface GpuReading {
  /** 0 to 1. */
  readonly utilisation: number
  readonly memoryBytes: number
  readonly powerWatts: number | null
  /** Of the streaming multiprocessors. */
  readonly smClockMHz: number | null
}

/** Cumulative CPU and present memory of a server's whole process tree. */
export interface ResourceReading {
  /** Since the server started. */
  readonly cpuSeconds: number
  /** For which a limit of CPU kept it waiting, since it started; `null` where nothing limits it. */
  readonly throttledSeconds: number | null
  /** Resident, summed over the tree. */
  readonly memoryBytes: number
  /** `null` where it uses none, or nothing tells of them. */
  readonly gpu: GpuReading | null
}

export interface RunningServer {
  readonly name: string
  readonly identity: Identity
  /** Base URL without a trailing slash, e.g. `http://127.0.0.1:43121`; http or https. */
  readonly url: string
  /** `host:port`, `https://host:port` with TLS, `null` where it speaks no gRPC. */
  readonly grpcAddress: string | null
  /** Full URL of a Prometheus page, `null` where there is none. */
  readonly metricsUrl: string | null
  /** For its https addresses; `null` where it has none. */
  readonly tls: TlsSettings | null
  /** From its start until it served its model; `null` where somebody else started it. */
  readonly readyMs: number | null
  /** `null` while it runs; else one sentence, e.g. `triton was killed by SIGKILL`, with its last log lines. */
  death(): { readonly reason: string; readonly logTail: readonly string[] } | null
  /** Asks a server that somebody else runs whether it still answers; `death` tells afterwards. Absent where dyno started it. */
  readonly look?: () => Promise<void>
  /** Adds a sentence to the identity's notice: what was found out while it was measured. Absent where dyno started it. */
  readonly note?: (sentence: string) => void
  /** For which somebody else has held it still until now (`docker pause`). */
  pausedMs(): number
  /** `null` where the process cannot be seen (external). */
  resources(): Promise<ResourceReading | null>
  /** Stops it and waits until it is gone. Safe to call twice. */
  close(): Promise<void>
}

/** Told while servers are set up and started, so that nothing over a second is silent. */
export interface RuntimeEvents {
  /** A step began, e.g. `installing Python packages (1.4 GB, once)`. */
  readonly step: (text: string) => void
}

export interface StartRequest {
  readonly name: string
  readonly spec: ServerSpec
  /** Name of the model whose readiness is waited for. */
  readonly model: string
  /** null for whichever version the server chooses. */
  readonly modelVersion: string | null
  /** Whether a target asks it over KServe's protocol: only then does it have such a model to be ready. */
  readonly speaksKserve: boolean
  /** Absolute folder for log files `<server>.log`. */
  readonly logDir: string
  readonly signal: AbortSignal
  readonly events: RuntimeEvents
}

export interface Runtime {
  readonly name: RuntimeName
  /** Starts one server and waits until it is ready. @throws BenchError kind `environment` */
  start(request: StartRequest): Promise<RunningServer>
}
