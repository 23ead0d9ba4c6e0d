// One phase while it runs: sends on lanes, times and judges every answer, records it. The loops decide when to send.
import { nowNs } from '../core/clock.ts'
import type { AnswerCheck } from './answer-check.ts'
import { FailureLog } from './failure-log.ts'
import { ProgressMeter } from './progress-meter.ts'
import { Recorder } from './recorder.ts'
import type { LaneSink, Transport } from './transport.ts'
import { type Outcome, type PhaseProgress, REQUEST_VARIANTS } from './types.ts'

/** How often requests are looked at for their timeout: a tenth of it, within these bounds. */
const SWEEP_MS = { min: 5, max: 100 } as const

export interface PhaseSetting {
  readonly transport: Transport
  readonly check: AnswerCheck
  readonly timeoutMs: number
  readonly statusPrefix: 'status' | 'grpc'
  /** The first prebuilt request to send; the following ones come in turn. */
  readonly firstVariant: number
}

export class PhaseRun implements LaneSink {
  readonly recorder = new Recorder()
  readonly failures: FailureLog
  readonly startNs = nowNs()
  inFlight = 0
  /** Called with a lane that has just become free, and the time. The loop's turn. */
  onFree: (lane: number, atNs: number) => void = () => {}
  readonly #setting: PhaseSetting
  readonly #meter = new ProgressMeter()
  readonly #scheduledNs: Float64Array
  readonly #sentNs: Float64Array
  /** Prebuilt request in flight on the lane; −1: free. */
  readonly #variant: Int32Array
  #nextVariant: number
  #ended = false

  constructor(setting: PhaseSetting) {
    const { lanes } = setting.transport
    this.#setting = setting
    this.failures = new FailureLog(setting.statusPrefix)
    this.#scheduledNs = new Float64Array(lanes)
    this.#sentNs = new Float64Array(lanes)
    this.#variant = new Int32Array(lanes).fill(-1)
    this.#nextVariant = setting.firstVariant
  }

  get nextVariant(): number {
    return this.#nextVariant
  }

  /** Sends the next prebuilt request on a free lane. */
  send(lane: number, scheduledNs: number, sentNs: number): void {
    const variant = this.#nextVariant
    this.#nextVariant = variant + 1 === REQUEST_VARIANTS ? 0 : variant + 1
    this.#scheduledNs[lane] = scheduledNs
    this.#sentNs[lane] = sentNs
    this.#variant[lane] = variant
    this.inFlight++
    this.#setting.transport.send(lane, variant)
  }

  onAnswer(
    lane: number,
    reported: Outcome,
    code: number,
    bytesSent: number,
    bytesReceived: number,
    body: Uint8Array | null,
    start: number,
    end: number,
    headerLength: number,
  ): void {
    const receivedNs = nowNs()
    const variant = this.#variant[lane] ?? -1
    if (this.#ended || variant === -1) return
    let outcome = reported
    if (reported === 'ok' && !(body !== null && this.#setting.check.accept(variant, body, start, end, headerLength))) {
      outcome = 'bad-response'
      this.failures.describeBody(body, start, end)
    }
    const scheduledNs = this.#scheduledNs[lane] ?? 0
    this.recorder.add(
      scheduledNs - this.startNs,
      (this.#sentNs[lane] ?? 0) - this.startNs,
      receivedNs - this.startNs,
      outcome,
      code,
      bytesSent,
      bytesReceived,
    )
    if (outcome === 'ok') this.#meter.completed(receivedNs - scheduledNs)
    else this.failures.count(outcome, code)
    this.#variant[lane] = -1
    this.inFlight--
    this.onFree(lane, receivedNs)
  }

  onFailureText(text: string): void {
    this.failures.example(text)
  }

  /** From now on nothing is recorded. @returns requests that were still in flight */
  end(): number {
    this.#ended = true
    return this.inFlight
  }

  /** Gives up what is older than the timeout, until the returned function is called. */
  watchTimeouts(): () => void {
    const { timeoutMs, transport } = this.#setting
    const timer = setInterval(
      () => {
        const oldestNs = nowNs() - timeoutMs * 1e6
        for (let lane = 0; lane < this.#variant.length; lane++) {
          const waits = this.#variant[lane] !== -1 && (this.#sentNs[lane] ?? 0) <= oldestNs
          if (waits) transport.abandon(lane, 'timeout')
        }
      },
      Math.min(SWEEP_MS.max, Math.max(SWEEP_MS.min, timeoutMs / 10)),
    )
    return () => clearInterval(timer)
  }

  elapsedNs(): number {
    return nowNs() - this.startNs
  }

  progress(): PhaseProgress {
    return this.#meter.read(this.elapsedNs(), this.failures.total)
  }
}
