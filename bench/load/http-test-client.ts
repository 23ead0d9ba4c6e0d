// For tests: a transport whose reports are collected, and raw servers that answer with exact bytes.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { ParserLimits } from '../protocol/http1-parser.ts'
import { createHttpTransport } from './http-transport.ts'
import type { Outcome } from './request-columns.ts'
import { testLoop } from './test-loop.ts'
import type { Transport, TransportOptions } from './transport.ts'

export interface Report {
  readonly lane: number
  readonly outcome: Outcome
  readonly code: number
  readonly bytesSent: number
  readonly bytesReceived: number
  /** latin1; `null` where there was none. */
  readonly body: string | null
  readonly headerLength: number
}

export interface TestClient {
  readonly transport: Transport
  readonly reports: Report[]
  readonly texts: string[]
  /** Sends on a free lane and waits for that lane's report. */
  ask(request?: number, lane?: number): Promise<Report>
}

/** A transport that is closed when the test ends. */
export function testClient(port: number, options: Partial<TransportOptions> = {}, limits?: ParserLimits): TestClient {
  const reports: Report[] = []
  const texts: string[] = []
  const waiting = new Map<number, (report: Report) => void>()
  const lanes = options.lanes ?? 1
  const loop = testLoop(options.tls)
  const transport = createHttpTransport(
    {
      host: '127.0.0.1',
      port,
      addressOf: () => (options.host ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1'),
      lanes,
      connections: lanes,
      path: '/predict',
      headers: { 'content-type': 'application/json' },
      bodies: [Buffer.from('{"n":0}'), Buffer.from('{"n":1}')],
      streaming: false,
      tls: null,
      loop,
      connectTimeoutMs: 5000,
      timeoutMs: 5000,
      sink: {
        onAnswer(lane, outcome, code, bytesSent, bytesReceived, body, start, end, headerLength) {
          const text = body === null ? null : Buffer.from(body.subarray(start, end)).toString('latin1')
          const report = { lane, outcome, code, bytesSent, bytesReceived, body: text, headerLength }
          reports.push(report)
          waiting.get(lane)?.(report)
        },
        onConnected() {},
        onStreamWait() {},
        onFailureText: (text) => void texts.push(text),
      },
      ...options,
    },
    limits,
  )
  onTestFinished(async () => {
    await transport.close()
    loop.close()
  })
  const ask = (request = 0, lane = 0) =>
    new Promise<Report>((resolve) => {
      waiting.set(lane, resolve)
      transport.send(lane, request)
    })
  return { transport, reports, texts, ask }
}

export interface RawServer {
  readonly port: number
  /** Every connection so far. */
  readonly sockets: Socket[]
  readonly server: Server
}

/** A server that calls `onRequest` with the number of requests that its connection has now sent. */
export async function rawServer(onRequest: (socket: Socket, count: number) => void): Promise<RawServer> {
  const sockets: Socket[] = []
  // Half-open, so that a test alone decides when the server's side closes.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket)
    let count = 0
    let pending = ''
    socket.on('error', () => socket.destroy())
    socket.on('end', () => socket.end())
    socket.on('data', (data) => {
      pending += data.toString('latin1')
      // Every test request ends in its body, a JSON object.
      while (pending.includes('}')) {
        pending = pending.slice(pending.indexOf('}') + 1)
        onRequest(socket, ++count)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets, server }
}

/** A port on which nobody listens. */
export async function deadPort(): Promise<number> {
  const { server, port } = await rawServer(() => {})
  await new Promise((resolve) => server.close(resolve))
  return port
}
