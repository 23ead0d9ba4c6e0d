// One phase while it runs: sends on lanes, times and judges every answer, records it. The loops decide when to send.
import { nowNs } from '../core/clock.ts'
import type { EventLoop } from '../event-loop/types.ts'
import type { AnswerCheck } from './answer-check.ts'
import { ConnectLog } from './connect-times.ts'
import { FailureLog } from './failure-log.ts'
import { ProgressMeter } from './progress-meter.ts'
import { Recorder } from './recorder.ts'
import type { Outcome, RequestColumns } from './request-columns.ts'
import type { LaneSink, Transport } from './transport.ts'
import type { PhaseProgress } from './types.ts'

/** How often requests are looked at for their timeout: a tenth of it, within these bounds. */
const SWEEP_MS = { min: 5, max: 100 } as const

export interface PhaseSetting {
  readonly transport: Transport
  readonly loop: Pick<EventLoop, 'arrivedNs'>
  readonly check: AnswerCheck
  readonly timeoutMs: number
  readonly statusPrefix: 'status' | 'grpc'
  /** The first prebuilt request to send; the following ones come in turn. */
  readonly firstVariant: number
  /** How many prebuilt requests there are. */
  readonly variants: number
  readonly onRecords: (records: RequestColumns) => void
  /** What the times of records count from, of this thread's clock; null for the phase's start. */
  readonly recordsFromNs: number | null
}

export class PhaseRun implements LaneSink {
  readonly recorder: Recorder
  readonly failures: FailureLog
  readonly connects = new ConnectLog()
  readonly startNs: number
  inFlight = 0
  streamWaits = 0
  /** Called with a lane that has just become free. The loop's turn. */
  onFree: (lane: number) => void = () => {}
  readonly #setting: PhaseSetting
  readonly #meter = new ProgressMeter()
  readonly #recordsFromNs: number
  readonly #scheduledNs: Float64Array
  readonly #sentNs: Float64Array
  /** Prebuilt request in flight on the lane; −1 if the lane is free. */
  readonly #variant: Int32Array
  #nextVariant: number
  #ended = false

  /** @param startNs of this thread's clock */
  constructor(setting: PhaseSetting, startNs: number) {
    const { lanes } = setting.transport
    this.#setting = setting
    this.startNs = startNs
    this.#recordsFromNs = setting.recordsFromNs ?? startNs
    this.recorder = new Recorder(setting.onRecords)
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
    this.#nextVariant = variant + 1 === this.#setting.variants ? 0 : variant + 1
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
    const variant = this.#variant[lane] ?? -1
    if (this.#ended || variant === -1) return
    const sentNs = this.#sentNs[lane] ?? 0
    const { arrivedNs } = this.#setting.loop
    // Not before it was asked for, whatever became of the kernel's clock.
    const receivedNs = arrivedNs > sentNs ? arrivedNs : nowNs()
    let outcome = reported
    if (reported === 'ok' && !(body !== null && this.#setting.check.accept(variant, body, start, end, headerLength))) {
      outcome = 'bad-response'
      this.failures.describeBody(body, start, end)
    }
    const scheduledNs = this.#scheduledNs[lane] ?? 0
    this.recorder.add(
      scheduledNs - this.#recordsFromNs,
      sentNs - this.#recordsFromNs,
      receivedNs - this.#recordsFromNs,
      outcome,
      code,
      bytesSent,
      bytesReceived,
    )
    if (outcome === 'ok') this.#meter.completed(receivedNs - scheduledNs)
    else this.failures.count(outcome, code)
    this.#variant[lane] = -1
    this.inFlight--
    this.onFree(lane)
  }

  onConnected(tookNs: number): void {
    if (!this.#ended) this.connects.add(tookNs)
  }

  onStreamWait(): void {
    this.streamWaits++
  }

  onFailureText(text: string): void {
    this.failures.example(text)
  }

  /**
   * The end: what is still in flight is recorded with its age, and nothing is recorded any more.
   * @returns requests that were still in flight
   */
  end(): number {
    this.#ended = true
    const atNs = nowNs() - this.#recordsFromNs
    for (let lane = 0; lane < this.#variant.length; lane++) {
      if (this.#variant[lane] === -1) continue
      const scheduledNs = (this.#scheduledNs[lane] ?? 0) - this.#recordsFromNs
      this.recorder.add(scheduledNs, (this.#sentNs[lane] ?? 0) - this.#recordsFromNs, atNs, 'censored', 0, 0, 0)
    }
    this.recorder.flush()
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
