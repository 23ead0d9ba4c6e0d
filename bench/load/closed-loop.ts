// Closed loop: every lane sends its next request as soon as its last one is answered, until the window ends.
import { nowNs } from '../core/clock.ts'
import type { EventLoop } from '../event-loop/types.ts'
import type { PhaseRun } from './phase-run.ts'

interface Setting {
  readonly run: PhaseRun
  readonly loop: Pick<EventLoop, 'soon'>
  readonly lanes: number
  readonly durationMs: number
}

/** Resolves when the window is over and nothing is in flight. */
export function runClosedLoop(setting: Setting): Promise<void> {
  return new Promise((resolve) => new ClosedLoop(setting, resolve).start())
}

/** A class, since its methods stay compiled from one phase to the next; closures over a phase are compiled anew in each. */
class ClosedLoop {
  readonly #run: PhaseRun
  readonly #loop: Setting['loop']
  readonly #endNs: number
  readonly #onEnd: () => void
  readonly #sendAll = () => this.#sendFree()
  /** Lanes that are free, the one that has been for longest first. */
  readonly #free: Int32Array
  #freeCount: number

  constructor({ run, loop, lanes, durationMs }: Setting, onEnd: () => void) {
    this.#run = run
    this.#loop = loop
    this.#endNs = run.startNs + durationMs * 1e6
    this.#onEnd = onEnd
    this.#free = Int32Array.from({ length: lanes }, (_, lane) => lane)
    this.#freeCount = lanes
    run.onFree = (lane) => this.#onFree(lane)
  }

  start(): void {
    this.#sendFree()
  }

  /**
   * Answers that came in together are all read before the next requests go out together: a server that has gone to sleep
   * is woken up once, and no request is timed from before it is sent.
   */
  #onFree(lane: number): void {
    this.#free[this.#freeCount++] = lane
    if (this.#freeCount === 1) this.#loop.soon(this.#sendAll)
  }

  #sendFree(): void {
    const count = this.#freeCount
    this.#freeCount = 0
    for (let index = 0; index < count; index++) {
      const atNs = nowNs()
      if (atNs < this.#endNs) this.#run.send(this.#free[index] ?? 0, atNs, atNs)
    }
    if (this.#run.inFlight === 0) this.#onEnd()
  }
}
