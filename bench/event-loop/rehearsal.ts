// What a loop does at an instant that is due, done a moment before, over a connection of its own: after a pause the caches
// hold other code than the way through the kernel, and the first to go it takes longer.
import { type Backend, INTEREST, type Watch, type Watcher } from './backend.ts'
import { listenLocally } from './direct-listener.ts'
import { FAMILY, type Libc, MESSAGE, SOCKET } from './libc.ts'
import { setAbrupt, setTimelyOptions } from './socket-options.ts'

/** As much as a small request. */
const BYTES = 512

export class Rehearsal implements Watcher {
  readonly #libc: Libc
  readonly #bytes = new Uint8Array(BYTES)
  readonly #sender: number
  readonly #reader: number
  readonly #watch: Watch

  private constructor(libc: Libc, backend: Backend, sender: number, reader: number) {
    this.#libc = libc
    this.#sender = sender
    this.#reader = reader
    this.#watch = backend.watch(reader, this, INTEREST.reading)
    for (const fd of [sender, reader]) {
      setTimelyOptions(libc, fd)
      // Or it would leave a port behind that waits.
      setAbrupt(libc, fd)
    }
  }

  /** `null` where this machine does not connect to itself at once, or not at all: nothing depends on it. */
  static over(libc: Libc, backend: Backend): Rehearsal | null {
    const { fd: listener, address } = listenLocally(libc, 1)
    const sender = libc.socket(FAMILY.ipv4, SOCKET.stream | SOCKET.nonBlocking | SOCKET.closeOnExec, 0)
    libc.connect(sender, address, address.length)
    const reader = libc.accept(listener, SOCKET.nonBlocking | SOCKET.closeOnExec)
    libc.close(listener)
    if (reader !== -1) return new Rehearsal(libc, backend, sender, reader)
    libc.close(sender)
    return null
  }

  /** The loop's next wait is told of it. */
  perform(): void {
    this.#libc.send(this.#sender, this.#bytes, BYTES, MESSAGE.dontWait | MESSAGE.noSignal)
  }

  onReady(): void {}

  onRead(): void {}

  onReadEnd(): void {}

  close(): void {
    this.#watch.end()
    this.#libc.close(this.#sender)
    this.#libc.close(this.#reader)
  }
}
