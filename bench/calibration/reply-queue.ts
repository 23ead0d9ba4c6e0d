// Replies that are due later: a binary heap by due time. From the first one on it polls the clock without pause, since a
// timer is late by up to a millisecond, and a core that sleeps wakes up late: the latency is to be the truth.
import { pauseUntil } from '../core/clock.ts'

export type Reply = () => void

interface Entry {
  readonly dueNs: number
  readonly reply: Reply
}

export class ReplyQueue {
  readonly #heap: Entry[] = []
  readonly #tick = () => this.#serve()
  #isPolling = false

  add(dueNs: number, reply: Reply): void {
    const heap = this.#heap
    heap.push({ dueNs, reply })
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1
      if (this.#due(parent) <= this.#due(at)) break
      this.#swap(parent, at)
      at = parent
    }
    if (this.#isPolling) return
    this.#isPolling = true
    setImmediate(this.#tick)
  }

  #serve(): void {
    const atNs = pauseUntil(this.#due(0))
    while (this.#heap.length > 0 && this.#due(0) <= atNs) this.#take()()
    setImmediate(this.#tick)
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
