// gRPC over HTTP/2 on plain or TLS sockets: `lanes` streams spread evenly over `connections`, one per request or one per lane.
import { LAST_STREAM_ID } from '../protocol/http2-frames.ts'
import { createConnector } from './connector.ts'
import { GrpcChannel } from './grpc-channel.ts'
import { grpcRequests } from './grpc-requests.ts'
import { GrpcStream } from './grpc-stream.ts'
import type { Transport, TransportOptions } from './transport.ts'

export interface GrpcLimits {
  /** Longer answers are `bad-response`. */
  readonly maxMessageBytes: number
  /** Highest stream id of a connection; the next request opens a new one. */
  readonly lastStreamId: number
}

const DEFAULT_LIMITS: GrpcLimits = { maxMessageBytes: 16 * 1024 * 1024, lastStreamId: LAST_STREAM_ID }

/**
 * Lane i uses connection i modulo `connections`. What it reports beyond gRPC's own status codes: an HTTP status other than
 * 200 and RST_STREAM are `status` with the code of gRPC's mapping; GOAWAY and a lost connection are `aborted`; anything
 * that breaks HTTP/2 or gRPC is `bad-response`.
 */
export function createGrpcTransport(options: TransportOptions, limits: GrpcLimits = limitsOf(options)): Transport {
  const { port, lanes, connectTimeoutMs, sink } = options
  // A URL writes an IPv6 address in brackets, a socket wants it without.
  const host = options.host.replace(/^\[(.*)\]$/, '$1')
  const connector = createConnector(options, host, 'h2')
  const { lastStreamId, maxMessageBytes } = limits
  const requests = grpcRequests(options)
  const streams = Array.from(
    { length: lanes },
    (_, lane) => new GrpcStream(lane, maxMessageBytes, options.streaming, options.partOf),
  )
  const channels = Array.from(
    { length: Math.max(1, Math.min(lanes, options.connections)) },
    (_, index) =>
      new GrpcChannel({
        host: options.addressOf(index),
        port,
        connector,
        connectTimeoutMs,
        requests,
        sink,
        lastStreamId,
      }),
  )
  let isClosed = false
  return {
    lanes,
    async open() {
      await Promise.all(channels.map((channel) => channel.open()))
    },
    send(lane, request) {
      const stream = streams[lane]
      const channel = channels[lane % channels.length]
      if (stream === undefined || channel === undefined || isClosed) return
      stream.prepare(request)
      channel.send(stream)
    },
    abandon(lane, outcome) {
      const stream = streams[lane]
      if (stream === undefined || isClosed || !channels[lane % channels.length]?.abandon(stream)) return
      sink.onFailureText(`${outcome}: no answer until the request was given up`)
      sink.onAnswer(lane, outcome, 0, stream.bytesSent, stream.bytesReceived, null, 0, 0, -1)
    },
    async close() {
      isClosed = true
      await Promise.all(channels.map((channel) => channel.close()))
    },
  }
}

function limitsOf({ maxAnswerBytes = DEFAULT_LIMITS.maxMessageBytes }: TransportOptions): GrpcLimits {
  return { ...DEFAULT_LIMITS, maxMessageBytes: maxAnswerBytes }
}
