// What one connection writes, gathered into one socket write a read event or tick, in a buffer that is reused.

import type { Wire } from '../event-loop/types.ts'
import type { Connector } from './connector.ts'

const CAPACITY_BYTES = 64 * 1024

export class GrpcOutput {
  readonly #socket: Wire
  /** 1 where the socket copies what it is given, and says a turn of the event loop later that it did; else 0. */
  readonly #copies: 0 | 1
  readonly #soon: Connector['soon']
  readonly #flush = () => this.flush()
  #length = 0
  #isScheduled = false
  #isCorked = false
  #isClosed = false
  /** Replaced by `reserve` and `flush`: read it again after each of them. */
  buffer = Buffer.allocUnsafeSlow(CAPACITY_BYTES)

  constructor(socket: Wire, { lateBytes, soon }: Pick<Connector, 'lateBytes' | 'soon'>) {
    this.#socket = socket
    this.#copies = lateBytes > 0 ? 1 : 0
    this.#soon = soon
  }

  /** Makes room at the end of `buffer`; returns the offset, which the caller fills before it does anything else. */
  reserve(lengthBytes: number): number {
    if (this.#length + lengthBytes > this.buffer.length) {
      this.flush()
      if (lengthBytes > this.buffer.length) this.buffer = Buffer.allocUnsafeSlow(lengthBytes)
    }
    const offset = this.#length
    this.#length += lengthBytes
    if (!this.#isCorked && !this.#isScheduled) {
      this.#isScheduled = true
      this.#soon(this.#flush)
    }
    return offset
  }

  append(bytes: Uint8Array): void {
    const offset = this.reserve(bytes.length)
    this.buffer.set(bytes, offset)
  }

  /** Holds everything until `uncork`. */
  cork(): void {
    this.#isCorked = true
  }

  uncork(): void {
    this.#isCorked = false
    if (this.#length > 0) this.flush()
  }

  flush(): void {
    this.#isScheduled = false
    const length = this.#length
    this.#length = 0
    if (length === 0 || this.#isClosed) return
    this.#socket.write(this.buffer.subarray(0, length))
    // The kernel did not take all of it at once: the buffer belongs to the socket until it does.
    if (this.#socket.writableLength > length * this.#copies) this.buffer = Buffer.allocUnsafeSlow(CAPACITY_BYTES)
  }

  /** True while the kernel has not taken what was written. */
  get isBehind(): boolean {
    return this.#socket.writableLength > CAPACITY_BYTES * this.#copies
  }

  /** Nothing is written from here on. */
  close(): void {
    this.#isClosed = true
  }
}
