// Transports are made with their sink, phases come and go: this passes reports on to whoever runs now.

import type { Outcome } from './request-columns.ts'
import type { LaneSink } from './transport.ts'

export class SwitchedSink implements LaneSink {
  current: LaneSink | null = null

  // Named one by one: a rest parameter would make an array for every answer.
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
  ): void {
    this.current?.onAnswer(lane, outcome, code, bytesSent, bytesReceived, body, start, end, headerLength)
  }

  onConnected(tookNs: number): void {
    this.current?.onConnected(tookNs)
  }

  onUnasked(): void {
    this.current?.onUnasked?.()
  }

  onStreamWait(): void {
    this.current?.onStreamWait()
  }

  onFailureText(text: string): void {
    this.current?.onFailureText(text)
  }
}
