// A transport in memory, whose answers a test gives by hand or after a known time: what the loops are tested on.

import type { Outcome } from './request-columns.ts'
import { SwitchedSink } from './switched-sink.ts'
import type { Transport } from './transport.ts'

export interface SentRequest {
  readonly lane: number
  readonly request: number
  answered: boolean
}

export class TestTransport implements Transport {
  readonly lanes: number
  readonly sink = new SwitchedSink()
  readonly sent: SentRequest[] = []
  /** Milliseconds after which each request is answered by itself; null if only by hand. */
  readonly #latencyMs: number | null

  constructor(lanes: number, latencyMs: number | null) {
    this.lanes = lanes
    this.#latencyMs = latencyMs
  }

  open(): Promise<void> {
    return Promise.resolve()
  }

  send(lane: number, request: number): void {
    const sent = { lane, request, answered: false }
    if (this.sent.some((other) => other.lane === lane && !other.answered)) throw new Error(`lane ${lane} is busy`)
    this.sent.push(sent)
    if (this.#latencyMs !== null) setTimeout(() => this.answer(sent), this.#latencyMs)
  }

  abandon(lane: number, outcome: 'timeout' | 'aborted'): void {
    const sent = this.sent.find((candidate) => candidate.lane === lane && !candidate.answered)
    if (sent !== undefined) this.answer(sent, outcome)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  answer(sent: SentRequest, outcome: Outcome = 'ok', code = 200): void {
    if (sent.answered) return
    sent.answered = true
    this.sink.onAnswer(sent.lane, outcome, code, 10, 20, outcome === 'ok' ? new Uint8Array(1) : null, 0, 1, -1)
  }
}
