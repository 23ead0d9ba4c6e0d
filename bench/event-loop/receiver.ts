// Reads from sockets, and tells when the kernel took in what is read: the answer's time does not depend on how soon a load
// thread, which may sleep or wait for a core, gets to read it.
import { nowNs } from '../core/clock.ts'
import { CLOCK_REALTIME, fixedMemory, LEVEL, type Libc, MESSAGE, OPTION } from './libc.ts'

/** How long the distance of the two clocks is relied on: the kernel's may be set while a run lasts. */
const RELIED_ON_NS = 1e9

/** The one counts that took the least time: in any of them the thread may lose its core between the two clocks. */
const SYNC_ATTEMPTS = 3

/** What came in later than this after the last wait was not there yet when it ended, or the kernel's clock was set. */
const LONGEST_WORK_NS = 10e6

/** Where a socket's bytes go. */
export interface Target {
  readonly addressLow: number
  readonly addressHigh: number
  readonly bytes: number
}

/** Structures of 64-bit Linux, as numbers of 32 bits, the lower half of an address first. */
const MSGHDR = { size: 14, vector: 4, vectors: 6, control: 8, controlBytes: 10 } as const
/** A cmsghdr and a timespec. */
const CONTROL = { size: 8, level: 2, type: 3, seconds: 4, nanoseconds: 6 } as const
const CONTROL_BYTES = 4 * CONTROL.size

export class Receiver {
  readonly #libc: Libc
  readonly #message = fixedMemory(MSGHDR.size)
  readonly #messageAddress: number
  readonly #vector = fixedMemory(4)
  readonly #control = fixedMemory(CONTROL.size)
  readonly #time = fixedMemory(4)
  /** A second of the kernel's clock that this thread's clock is told from. */
  #epochSeconds = 0
  #epochNs = 0
  #syncedNs = Number.NEGATIVE_INFINITY
  /** Of this thread's clock: when the last wait ended. */
  wokenNs = nowNs()
  /** Of this thread's clock: when the last of the bytes read last came in. NaN where the kernel does not say. */
  arrivedNs = Number.NaN

  constructor(libc: Libc) {
    this.#libc = libc
    this.#messageAddress = libc.address(this.#message)
    this.#setAddress(this.#message, MSGHDR.vector, this.#vector)
    this.#message[MSGHDR.vectors] = 1
    this.#setAddress(this.#message, MSGHDR.control, this.#control)
  }

  targetOf(buffer: Uint8Array): Target {
    const address = this.#libc.address(buffer)
    return { addressLow: address % 2 ** 32, addressHigh: Math.floor(address / 2 ** 32), bytes: buffer.length }
  }

  /** To be called now and then, and before the first read. */
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

  /** @returns the length, 0 at the end of the stream, −1 with `errno` */
  read(fd: number, { addressLow, addressHigh, bytes }: Target): number {
    const vector = this.#vector
    vector[0] = addressLow
    vector[1] = addressHigh
    vector[2] = bytes
    this.#message[MSGHDR.controlBytes] = CONTROL_BYTES
    const length = this.#libc.recvmsg(fd, this.#messageAddress, MESSAGE.dontWait)
    this.arrivedNs = length > 0 && this.#message[MSGHDR.controlBytes] === CONTROL_BYTES ? this.#stamp() : Number.NaN
    return length
  }

  #stamp(): number {
    const control = this.#control
    if (control[CONTROL.level] !== LEVEL.socket || control[CONTROL.type] !== OPTION.timestampNs) return Number.NaN
    const seconds = (control[CONTROL.seconds] ?? 0) - this.#epochSeconds
    const stampNs = this.#epochNs + seconds * 1e9 + (control[CONTROL.nanoseconds] ?? 0)
    return stampNs < this.wokenNs + LONGEST_WORK_NS ? stampNs : Number.NaN
  }

  #setAddress(structure: Uint32Array, at: number, of: Uint32Array): void {
    const address = this.#libc.address(of)
    structure[at] = address % 2 ** 32
    structure[at + 1] = Math.floor(address / 2 ** 32)
  }
}
