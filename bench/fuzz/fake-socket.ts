// A socket without a network: what a GrpcConnection needs of `net.Socket`, driven by hand and at once.
import { EventEmitter } from 'node:events'
import type { OnReadOpts, Socket } from 'node:net'

export class FakeSocket extends EventEmitter {
  closed = false
  /** Destroyed or about to be: the connection wants no more of it. */
  isLeft = false
  /** What the kernel has not taken: above 0 for a peer that reads nothing. */
  writableLength = 0
  readonly #onread: OnReadOpts
  readonly #onWrite: (bytes: Uint8Array) => void

  constructor(onread: OnReadOpts, onWrite: (bytes: Uint8Array) => void) {
    super()
    this.#onread = onread
    this.#onWrite = onWrite
  }

  read(bytes: Uint8Array, lengthBytes: number): void {
    this.#onread.callback(lengthBytes, bytes)
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
