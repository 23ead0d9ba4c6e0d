// Serves one request after another as the behaviour says, over whichever protocol, and keeps the server's own record.
import { nowNs } from '../core/clock.ts'
import { seededRandom } from '../core/random.ts'
import type { EventLoop } from '../event-loop/types.ts'
import { type Behaviour, beginsMs, drawLatencyMs, type KnownBehaviour } from './behaviour.ts'
import type { ReplyQueue } from './reply-queue.ts'

/** What a protocol can do with a request: the ways in which one may end. */
export interface Exchange {
  answer(): void
  status(): void
  reset(): void
}

/** The server's own account of the requests that it answered, in the order of the answers; ns since the server's start. */
export interface ServerRecord {
  readonly arrivedNs: Float64Array
  readonly answeredNs: Float64Array
}

const FIRST_ROWS = 1 << 16

export class Attendant {
  readonly behaviour: Behaviour
  answered = 0
  readonly #startNs = nowNs()
  readonly loop: EventLoop
  readonly #replies: ReplyQueue
  readonly #random
  #requests = 0
  #arrivedNs = new Float64Array(FIRST_ROWS)
  #answeredNs = new Float64Array(FIRST_ROWS)
  #rows = 0

  /** @param replies of the loop, which has one of them */
  constructor(behaviour: Behaviour, loop: EventLoop, replies: ReplyQueue) {
    this.behaviour = behaviour
    this.loop = loop
    this.#replies = replies
    this.#random = seededRandom(behaviour.kind === 'known' ? behaviour.seed : 0, 'latencies')
  }

  /** A whole request has come, on a server of known latency. */
  serve(behaviour: KnownBehaviour, exchange: Exchange): void {
    const stampNs = this.loop.arrivedNs
    const arrivedNs = (Number.isNaN(stampNs) ? nowNs() : stampNs) - this.#startNs
    const { fault, latency, stall } = behaviour
    const isSpoilt = fault !== null && ++this.#requests % fault.every === 0
    if (isSpoilt && fault.kind === 'silent') return
    const dueMs = beginsMs(arrivedNs / 1e6, stall) + drawLatencyMs(latency, this.#random)
    this.#replies.add(this.#startNs + dueMs * 1e6, () => {
      if (isSpoilt && fault.kind === 'reset') return exchange.reset()
      if (isSpoilt) return exchange.status()
      // Stamped before the answer is written: writing is the network's time, as the client sees it.
      this.#record(arrivedNs, nowNs() - this.#startNs)
      this.answered++
      exchange.answer()
    })
  }

  /** What was recorded since the last call. */
  takeRecord(): ServerRecord {
    const rows = this.#rows
    this.#rows = 0
    return { arrivedNs: this.#arrivedNs.slice(0, rows), answeredNs: this.#answeredNs.slice(0, rows) }
  }

  #record(arrivedNs: number, answeredNs: number): void {
    if (this.#rows === this.#arrivedNs.length) {
      this.#arrivedNs = doubled(this.#arrivedNs)
      this.#answeredNs = doubled(this.#answeredNs)
    }
    this.#arrivedNs[this.#rows] = arrivedNs
    this.#answeredNs[this.#rows++] = answeredNs
  }
}

function doubled(column: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * column.length)
  larger.set(column)
  return larger
}
