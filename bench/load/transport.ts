// One protocol's connections, seen by the loops: lanes that each carry one request at a time.
import type { TlsSettings } from '../core/tls.ts'
import type { EventLoop } from '../event-loop/types.ts'
import type { Codec } from '../protocol/types.ts'
import type { Outcome } from './request-columns.ts'

/** What a lane reports, exactly once for every send. No allocation on the way. */
export interface LaneSink {
  /**
   * @param code HTTP or gRPC status, 0 where there was none
   * @param body buffer that holds the answer (HTTP body or gRPC message) during this call only; null where there is none
   * @param headerLength `inference-header-content-length`, −1 where absent
   */
  onAnswer(
    lane: number,
    outcome: Outcome,
    code: number,
    bytesSent: number,
    bytesReceived: number,
    body: Uint8Array | null,
    start: number,
    end: number,
    headerLength: number,
  ): void
  /** A failure's text, for the first few examples only. */
  onFailureText(text: string): void
  /** A connection is ready; `tookNs` from the attempt to its being usable (TLS and HTTP/2 SETTINGS included). */
  onConnected(tookNs: number): void
  /** A message came over a stream on which no request waits for one; absent where nobody wants to know. */
  onUnasked?(): void
  /** A request waits because the server allows no more streams on its connection. The wait is part of its time. */
  onStreamWait(): void
}

/** A transport reports `ok` for HTTP 200 / gRPC OK; the loop then asks the codec about the form of the body. */
export interface Transport {
  /** How many requests can be in flight. */
  readonly lanes: number
  /** Opens every connection; resolves when all are ready or have failed (a failed one is tried again at its next send). */
  open(): Promise<void>
  /** Sends prebuilt request number `request` on a free lane. Never throws: failures come through the sink, later. */
  send(lane: number, request: number): void
  /** Gives a lane's request up (timeout): reported at once with this outcome; a late answer is ignored. */
  abandon(lane: number, outcome: 'timeout' | 'aborted'): void
  close(): Promise<void>
}

export interface TransportOptions {
  readonly host: string
  readonly port: number
  /** Address of each connection, by its number. */
  readonly addressOf: (connection: number) => string
  /** null without TLS. What TLS adds to the bytes is not counted. */
  readonly tls: TlsSettings | null
  /** What the sockets are of; Node's own with TLS. */
  readonly loop: EventLoop
  readonly lanes: number
  readonly connections: number
  /** Codec's path, headers and the prebuilt bodies (HTTP) or messages (gRPC). */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly bodies: readonly Uint8Array[]
  /** Longer answers are refused; default: 16 MiB. */
  readonly maxAnswerBytes?: number
  readonly connectTimeoutMs: number
  /** gRPC: told to the server with every request as its deadline; a late answer is given up by `abandon`. */
  readonly timeoutMs: number
  /** gRPC: one stream a lane for all of its requests, instead of one a request. */
  readonly streaming: boolean
  /** Of a stream's answers; absent: each is the only one to its request. */
  readonly partOf?: NonNullable<Codec['partOf']>
  readonly sink: LaneSink
}
