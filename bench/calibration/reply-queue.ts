// Replies that are due later: a binary heap by due time, served by a timer and polled over the last stretch.
import { nowNs } from '../core/clock.ts'

export type Reply = () => void

interface Entry {
  readonly dueNs: number
  readonly reply: Reply
}

/** Node's timers are late by up to about 1 ms: before a due time the event loop is turned without pause instead. */
const POLL_NS = 1.5e6

export class ReplyQueue {
  readonly #heap: Entry[] = []
  #timer: NodeJS.Timeout | null = null
  #isPolling = false
  readonly #tick = () => this.#serve()

  add(dueNs: number, reply: Reply): void {
    const heap = this.#heap
    heap.push({ dueNs, reply })
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1
      if (this.#due(parent) <= this.#due(at)) break
      this.#swap(parent, at)
      at = parent
    }
    if (!this.#isPolling && heap[0]?.dueNs === dueNs) this.#wait()
  }

  #serve(): void {
    this.#isPolling = false
    this.#timer = null
    const atNs = nowNs()
    while (this.#heap.length > 0 && this.#due(0) <= atNs) this.#take()()
    if (this.#heap.length > 0) this.#wait()
  }

  #wait(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const waitNs = this.#due(0) - nowNs()
    if (waitNs > POLL_NS + 1e6) this.#timer = setTimeout(this.#tick, (waitNs - POLL_NS) / 1e6)
    else {
      this.#isPolling = true
      setImmediate(this.#tick)
    }
  }

  #take(): Reply {
    const heap = this.#heap
    const first = heap[0] as Entry
    const last = heap.pop() as Entry
    if (heap.length > 0) {
      heap[0] = last
      this.#sink()
    }
    return first.reply
  }

  #sink(): void {
    for (let at = 0; ; ) {
      const left = 2 * at + 1
      const child = this.#due(left + 1) < this.#due(left) ? left + 1 : left
      if (this.#due(at) <= this.#due(child)) return
      this.#swap(at, child)
      at = child
    }
  }

  #due(index: number): number {
    return this.#heap[index]?.dueNs ?? Number.POSITIVE_INFINITY
  }

  #swap(one: number, other: number): void {
    const heap = this.#heap
    const entry = heap[one] as Entry
    heap[one] = heap[other] as Entry
    heap[other] = entry
  }
}
