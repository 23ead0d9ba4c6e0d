// The reference engine @grpc/grpc-js behind the same loops: what gRPC costs with the ordinary client.
import * as grpc from '@grpc/grpc-js'
import { TlsClient } from '../core/tls.ts'
import type { Outcome } from './request-columns.ts'
import type { Transport, TransportOptions } from './transport.ts'

/** The library's own default is 4 MiB for answers. */
const MAX_ANSWER_BYTES = 16 * 1024 ** 2

/** Bytes of a gRPC message's prefix: compression flag and length. */
const PREFIX_BYTES = 5

/** Lanes are calls in flight, spread over clients that each have a connection of their own. */
export function createGrpcJsTransport(options: TransportOptions): Transport {
  const { host, port, lanes, connections, path, bodies, sink, connectTimeoutMs } = options
  const { credentials, channelOptions } = securityOf(options)
  const clients = Array.from(
    { length: connections },
    () =>
      new grpc.Client(`${host}:${port}`, credentials, {
        ...channelOptions,
        // Clients to one target share a connection unless each has a pool of its own.
        'grpc.use_local_subchannel_pool': 1,
        'grpc.max_receive_message_length': MAX_ANSWER_BYTES,
      }),
  )
  const messages = bodies.map((body) => Buffer.from(body))
  const calls: (grpc.ClientUnaryCall | null)[] = new Array(lanes).fill(null)
  const report = (lane: number, outcome: Outcome, code: number, sent: number, answer: Buffer | null) => {
    calls[lane] = null
    const received = answer === null ? 0 : answer.length + PREFIX_BYTES
    sink.onAnswer(lane, outcome, code, sent, received, answer, 0, answer?.length ?? 0, -1)
  }
  return {
    lanes,
    async open() {
      await Promise.all(clients.map((client) => ready(client, connectTimeoutMs)))
    },
    send(lane, request) {
      const message = messages[request]
      const client = clients[lane % connections]
      if (message === undefined || client === undefined) throw new RangeError(`there is no request ${request}`)
      const call = client.makeUnaryRequest<Buffer, Buffer>(path, same, same, message, (error, answer) => {
        if (calls[lane] !== call) return // Given up before.
        if (error === null) return report(lane, 'ok', 0, message.length + PREFIX_BYTES, answer ?? Buffer.alloc(0))
        sink.onFailureText(error.details)
        report(lane, outcomeOf(error), error.code, message.length + PREFIX_BYTES, null)
      })
      calls[lane] = call
    },
    abandon(lane, outcome) {
      const call = calls[lane]
      if (!call) return
      report(lane, outcome, 0, 0, null)
      call.cancel()
    },
    close() {
      calls.fill(null)
      for (const client of clients) client.close()
      return Promise.resolve()
    },
  }
}

function same(bytes: Buffer): Buffer {
  return bytes
}

function securityOf({ tls, host }: TransportOptions) {
  if (tls === null) return { credentials: grpc.credentials.createInsecure(), channelOptions: {} }
  const { secureContext, rejectUnauthorized } = new TlsClient(tls, host, 'h2').options
  return {
    credentials: grpc.credentials.createFromSecureContext(secureContext, { rejectUnauthorized }),
    channelOptions: tls.serverName === null ? {} : { 'grpc.ssl_target_name_override': tls.serverName },
  }
}

/** UNAVAILABLE without ever having been connected is what grpc-js makes of a refused connection. */
function outcomeOf({ code, details }: grpc.ServiceError): Outcome {
  if (code === grpc.status.DEADLINE_EXCEEDED) return 'timeout'
  return code === grpc.status.UNAVAILABLE && details.includes('No connection established') ? 'connect' : 'status'
}

/** One that cannot be reached is found out by its first call. */
function ready(client: grpc.Client, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => client.waitForReady(Date.now() + timeoutMs, () => resolve()))
}
