// Replies that are due later: a binary heap by due time. From the first one on the loop never sleeps: a core that does
// wakes up late, and the latency is to be the truth.
import { nowNs } from '../core/clock.ts'
import type { EventLoop } from '../event-loop/types.ts'

export type Reply = () => void

interface Entry {
  readonly dueNs: number
  readonly reply: Reply
}

export class ReplyQueue {
  readonly #heap: Entry[] = []
  readonly #loop: EventLoop
  readonly #serve = () => this.#serveDue()
  #served = 0
  #isPolling = false

  constructor(loop: EventLoop) {
    this.#loop = loop
  }

  add(dueNs: number, reply: Reply): void {
    const heap = this.#heap
    heap.push({ dueNs, reply })
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1
      if (this.#due(parent) <= this.#due(at)) break
      this.#swap(parent, at)
      at = parent
    }
    if (this.#due(0) === dueNs) this.#loop.at(dueNs, this.#serve)
    if (this.#isPolling) return
    this.#isPolling = true
    this.#loop.poll(() => this.#served)
  }

  #serveDue(): void {
    const atNs = nowNs()
    while (this.#heap.length > 0 && this.#due(0) <= atNs) {
      this.#served++
      this.#take()()
    }
    if (this.#heap.length > 0) this.#loop.at(this.#due(0), this.#serve)
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
