// A socket without a network: what a GrpcConnection needs of `net.Socket`, driven by hand and at once.
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { WireOptions } from '../event-loop/types.ts'

export class FakeSocket extends EventEmitter {
  closed = false
  /** Destroyed or about to be: the connection wants no more of it. */
  isLeft = false
  /** What the kernel has not taken: above 0 for a peer that reads nothing. */
  writableLength = 0
  readonly #onRead: WireOptions['onRead']
  readonly #onWrite: (bytes: Uint8Array) => void

  constructor(onRead: WireOptions['onRead'], onWrite: (bytes: Uint8Array) => void) {
    super()
    this.#onRead = onRead
    this.#onWrite = onWrite
  }

  read(bytes: Buffer, start: number, end: number): void {
    this.#onRead(bytes, start, end)
  }

  write(bytes: Uint8Array): boolean {
    this.#onWrite(bytes)
    return true
  }

  destroy(): void {
    this.isLeft = true
  }

  destroySoon(): void {
    this.isLeft = true
  }

  /** The end of it, from whichever side: nothing comes after. */
  close(): void {
    this.closed = true
    this.emit('close')
  }

  asSocket(): Socket {
    return this as unknown as Socket
  }
}
