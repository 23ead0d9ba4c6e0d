// What a loop does at an instant that is due, done a moment before, over a connection of its own: after a pause the caches
// hold other code than the way through the kernel, and the first to go it takes longer.
import { listenLocally } from './epoll-listener.ts'
import { FAMILY, fixedMemory, type Libc, MESSAGE, SOCKET } from './libc.ts'
import type { Receiver, Target } from './receiver.ts'
import { setAbrupt, setTimelyOptions } from './socket-options.ts'

/** As much as a small request. */
const BYTES = 512

export class Rehearsal {
  readonly #libc: Libc
  readonly #receiver: Receiver
  /** It is sent from there, and read into. */
  readonly #bytes = new Uint8Array(fixedMemory(BYTES / 4).buffer)
  readonly #target: Target
  readonly #sender: number
  readonly #reader: number

  private constructor(libc: Libc, receiver: Receiver, sender: number, reader: number) {
    this.#libc = libc
    this.#receiver = receiver
    this.#target = receiver.targetOf(this.#bytes)
    this.#sender = sender
    this.#reader = reader
    for (const fd of [sender, reader]) {
      setTimelyOptions(libc, fd)
      // Or it would leave a port behind that waits.
      setAbrupt(libc, fd)
    }
  }

  /** `null` where this machine does not connect to itself at once, or not at all: nothing depends on it. */
  static over(libc: Libc, receiver: Receiver): Rehearsal | null {
    const { fd: listener, address } = listenLocally(libc, 1)
    const sender = libc.socket(FAMILY.ipv4, SOCKET.stream | SOCKET.nonBlocking | SOCKET.closeOnExec, 0)
    libc.connect(sender, address, address.length)
    const reader = libc.accept(listener, SOCKET.nonBlocking | SOCKET.closeOnExec)
    libc.close(listener)
    if (reader !== -1) return new Rehearsal(libc, receiver, sender, reader)
    libc.close(sender)
    return null
  }

  perform(): void {
    this.#libc.send(this.#sender, this.#bytes, BYTES, MESSAGE.dontWait | MESSAGE.noSignal)
    this.#receiver.read(this.#reader, this.#target)
    this.#receiver.arrivedNs = Number.NaN
  }

  close(): void {
    this.#libc.close(this.#sender)
    this.#libc.close(this.#reader)
  }
}
