// Open loop: requests are sent when they are due, whether or not earlier ones have been answered.
import { nowNs } from '../core/clock.ts'
import type { EventLoop } from '../event-loop/types.ts'
import { FreeLanes } from './free-lanes.ts'
import type { PhaseRun } from './phase-run.ts'

/** A request that goes out later than this after its due time is counted as delayed. */
const DELAYED_NS = 1e6

export interface OpenLoopCounts {
  readonly dropped: number
  readonly delayed: number
}

/** Resolves when every request that was due within the window is answered. */
export function runOpenLoop(setting: Omit<Setting, 'onEnd'>): Promise<OpenLoopCounts> {
  return new Promise((resolve) => new OpenLoop({ ...setting, onEnd: resolve }).start())
}

interface Setting {
  readonly run: PhaseRun
  readonly loop: EventLoop
  readonly lanes: number
  /** Behind the server's name: lane i goes to address i modulo this. */
  readonly addresses: number
  readonly durationMs: number
  /** Ascending due times, ns from the start of the phase. */
  readonly nextDueNs: () => number
  readonly onEnd: (counts: OpenLoopCounts) => void
}

/** A class, since its methods stay compiled from one phase to the next; closures over a phase are compiled anew in each. */
class OpenLoop {
  readonly #run: PhaseRun
  readonly #loop: EventLoop
  readonly #endNs: number
  readonly #nextDueNs: () => number
  readonly #onEnd: Setting['onEnd']
  readonly #free: FreeLanes
  readonly #turn = () => this.#sendWhatIsDue()
  #dropped = 0
  #delayed = 0
  #dueNs: number

  constructor({ run, loop, lanes, addresses, durationMs, nextDueNs, onEnd }: Setting) {
    this.#run = run
    this.#loop = loop
    this.#endNs = run.startNs + durationMs * 1e6
    this.#nextDueNs = nextDueNs
    this.#onEnd = onEnd
    this.#free = new FreeLanes(lanes, addresses)
    this.#dueNs = run.startNs + nextDueNs()
    run.onFree = (lane) => this.#onFree(lane)
  }

  start(): void {
    this.#sendWhatIsDue()
  }

  #onFree(lane: number): void {
    this.#free.add(lane)
    this.#finishIfIdle()
  }

  #finishIfIdle(): void {
    if (this.#dueNs >= this.#endNs && this.#run.inFlight === 0) {
      this.#onEnd({ dropped: this.#dropped, delayed: this.#delayed })
    }
  }

  #sendWhatIsDue(): void {
    let atNs = nowNs()
    while (this.#dueNs <= atNs && this.#dueNs < this.#endNs) {
      if (this.#free.isEmpty) this.#dropped++
      else {
        if (atNs - this.#dueNs > DELAYED_NS) this.#delayed++
        this.#run.send(this.#free.take(), this.#dueNs, atNs)
        atNs = nowNs()
      }
      this.#dueNs = this.#run.startNs + this.#nextDueNs()
    }
    if (this.#dueNs >= this.#endNs) this.#finishIfIdle()
    else this.#loop.at(this.#dueNs, this.#turn)
  }
}
