// Tells when the kernel took in what is read: the answer's time does not depend on how soon a load thread, which may sleep or
// wait for a core, gets to read it.
import { nowNs } from '../core/clock.ts'
import { CLOCK_REALTIME, fixedMemory, LEVEL, type Libc, OPTION } from './libc.ts'

/** How long the distance of the two clocks is relied on: the kernel's may be set while a run lasts. */
const RELIED_ON_NS = 1e9

/** The one counts that took the least time: in any of them the thread may lose its core between the two clocks. */
const SYNC_ATTEMPTS = 3

/** What came in later than this after the last wait was not there yet when it ended, or the kernel's clock was set. */
const LONGEST_WORK_NS = 10e6

/** A cmsghdr and a timespec of 64-bit Linux in numbers of 32 bits, the lower half of 64 first. */
const STAMP = { size: 8, level: 2, type: 3, seconds: 4, nanoseconds: 6 } as const

/** What a socket's bytes come with, as a struct cmsghdr. */
export const STAMP_BYTES = 4 * STAMP.size

export class KernelClock {
  readonly #libc: Libc
  readonly #time = fixedMemory(4)
  /** A second of the kernel's clock that this thread's clock is told from. */
  #epochSeconds = 0
  #epochNs = 0
  #syncedNs = Number.NEGATIVE_INFINITY
  /** Of this thread's clock: when the last wait ended. */
  wokenNs = nowNs()

  constructor(libc: Libc) {
    this.#libc = libc
  }

  /** To be called now and then, and before the first stamp is read. */
  sync(atNs: number): void {
    if (atNs - this.#syncedNs < RELIED_ON_NS) return
    this.#syncedNs = atNs
    let closestNs = Number.POSITIVE_INFINITY
    for (let attempt = 0; attempt < SYNC_ATTEMPTS; attempt++) {
      const beforeNs = nowNs()
      this.#libc.clockGettime(CLOCK_REALTIME, this.#time)
      const afterNs = nowNs()
      if (afterNs - beforeNs >= closestNs) continue
      closestNs = afterNs - beforeNs
      this.#epochSeconds = this.#time[0] ?? 0
      this.#epochNs = (beforeNs + afterNs) / 2 - (this.#time[2] ?? 0)
    }
  }

  /**
   * @param memory holds, from `at` on, a stamp of `STAMP_BYTES`
   * @returns when the last of the bytes that it came with came in, of this thread's clock; NaN if it is no such stamp
   */
  read(memory: Uint32Array, at: number): number {
    if (memory[at + STAMP.level] !== LEVEL.socket || memory[at + STAMP.type] !== OPTION.timestampNs) return Number.NaN
    const seconds = (memory[at + STAMP.seconds] ?? 0) - this.#epochSeconds
    const stampNs = this.#epochNs + seconds * 1e9 + (memory[at + STAMP.nanoseconds] ?? 0)
    return stampNs < this.wokenNs + LONGEST_WORK_NS ? stampNs : Number.NaN
  }
}
