// For tests: a transport whose lanes are promises, so that a test reads as question and answer.
import { createGrpcTransport, type GrpcLimits } from './grpc-transport.ts'
import type { Outcome } from './request-columns.ts'
import { testLoop } from './test-loop.ts'
import type { Transport, TransportOptions } from './transport.ts'

export interface TestAnswer {
  readonly outcome: Outcome
  readonly code: number
  readonly body: string | null
  readonly text: string
  readonly bytesSent: number
  readonly bytesReceived: number
}

export interface TestClient {
  readonly transport: Transport
  /** Sends request 0, or another one, on a lane. */
  ask(lane: number, request?: number): Promise<TestAnswer>
  /** Every report, also those that nobody asked for. */
  readonly reports: number[]
  /** Answers that no request waited for. */
  unasked(): number
}

export function testClient(
  port: number,
  options: Partial<Omit<TransportOptions, 'port' | 'sink' | 'loop'>> = {},
  limits?: GrpcLimits,
): TestClient {
  const pending = new Map<number, (answer: TestAnswer) => void>()
  const reports: number[] = []
  let text = ''
  let unasked = 0
  const transport = createGrpcTransport(
    {
      host: '127.0.0.1',
      port,
      addressOf: () => (options.host ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1'),
      lanes: 1,
      connections: 1,
      path: '/inference.GRPCInferenceService/ModelInfer',
      headers: {},
      bodies: [Buffer.from('question')],
      streaming: false,
      tls: null,
      loop: testLoop(options.tls),
      connectTimeoutMs: 5000,
      timeoutMs: 5000,
      ...options,
      sink: {
        onAnswer(lane, outcome, code, bytesSent, bytesReceived, body, start, end) {
          reports.push(lane)
          const answer = body === null ? null : Buffer.from(body.subarray(start, end)).toString('latin1')
          const resolve = pending.get(lane)
          pending.delete(lane)
          resolve?.({ outcome, code, body: answer, text, bytesSent, bytesReceived })
          text = ''
        },
        onConnected() {},
        onStreamWait() {},
        onUnasked() {
          unasked++
        },
        onFailureText: (failure) => {
          text = failure
        },
      },
    },
    limits,
  )
  const ask = (lane: number, request = 0) =>
    new Promise<TestAnswer>((resolve) => {
      pending.set(lane, resolve)
      transport.send(lane, request)
    })
  return { transport, ask, reports, unasked: () => unasked }
}
