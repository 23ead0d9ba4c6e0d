// io_uring: one call waits for all sockets and has read them when it returns; each is asked for once, and read from then on.
import type { Backend, Watch, Watcher } from './backend.ts'
import { INTEREST } from './backend.ts'
import { type KernelClock, STAMP_BYTES } from './kernel-clock.ts'
import { ERRNO, fixedMemory, type Libc } from './libc.ts'
import { Uring } from './uring.ts'
import { PREFIX_BYTES, UringBuffers } from './uring-buffers.ts'

/** The first 32 bits of a request: operation, flags, flags of the operation. */
const REQUEST_FLAG = { chooseBuffer: 1 << 13, silent: 1 << 14 } as const
const READ_FLAG = { waitFirst: 1 << 16, again: 1 << 17 } as const
const OPERATION = {
  /** recvmsg, whenever something comes in. */
  read: 10 | REQUEST_FLAG.chooseBuffer | READ_FLAG.waitFirst | READ_FLAG.again,
  /** Once. */
  poll: 6,
  cancel: 14 | REQUEST_FLAG.silent,
} as const

const POLL = { readable: 1, writable: 4 } as const
const CANCEL_ALL_OF_DESCRIPTOR = (1 << 0) | (1 << 1)

/** What a completion is of. */
const KIND = { none: 0, read: 1, poll: 2 } as const

const COMPLETION = { hasBuffer: 1 << 0, moreFollow: 1 << 1, bufferShift: 16 } as const

/** No buffer was free, or it was interrupted: it is to be asked for again. */
const TRANSIENT = new Set<number>([ERRNO.noBuffers, ERRNO.again, ERRNO.interrupted])

/** struct msghdr in numbers of 32 bits: the buffers say where bytes go, and it says what comes before them. */
const MESSAGE_HEADER = { size: 14, controlBytes: 10 } as const

export class UringBackend implements Backend {
  readonly name = 'io_uring'
  readonly #clock: KernelClock
  readonly #uring: Uring
  readonly #buffers: UringBuffers
  readonly #message = fixedMemory(MESSAGE_HEADER.size)
  readonly #messageAddress: number
  /** By key, which is not used again, as the number of a closed socket is. */
  readonly #watches = new Map<number, UringWatch>()
  #lastKey = 0
  #isClosed = false
  arrivedNs = Number.NaN

  private constructor(libc: Libc, clock: KernelClock, uring: Uring, buffers: UringBuffers) {
    this.#clock = clock
    this.#uring = uring
    this.#buffers = buffers
    this.#message[MESSAGE_HEADER.controlBytes] = STAMP_BYTES
    this.#messageAddress = libc.address(this.#message)
  }

  /** `null` where the machine has no io_uring for this. */
  static open(libc: Libc, clock: KernelClock): UringBackend | null {
    const uring = Uring.open(libc)
    if (uring === null) return null
    const buffers = UringBuffers.of(libc, uring.fd)
    if (buffers !== null) return new UringBackend(libc, clock, uring, buffers)
    uring.close()
    return null
  }

  get watched(): number {
    return this.#watches.size
  }

  watch(fd: number, watcher: Watcher, interest: number): Watch {
    const watch = new UringWatch(this, ++this.#lastKey, fd, watcher)
    this.#watches.set(watch.key, watch)
    watch.setInterest(interest)
    return watch
  }

  wait(mostNs: number): number {
    return this.#uring.enter(mostNs)
  }

  dispatch(events: number): void {
    for (let index = 0; index < events && !this.#isClosed; index++) {
      this.#uring.next()
      const watch = this.#watches.get(this.#uring.key)
      if (this.#uring.kind === KIND.read) this.#onRead(watch, this.#uring.result, this.#uring.flags)
      else if (this.#uring.kind === KIND.poll) watch?.onPolled()
    }
  }

  close(): void {
    this.#isClosed = true
    this.#uring.close()
    this.#buffers.close()
  }

  read({ fd, key }: UringWatch): void {
    if (!this.#isClosed) this.#uring.request(OPERATION.read, fd, key, KIND.read, 0, this.#messageAddress, 1)
  }

  poll({ fd, key }: UringWatch, events: number): void {
    if (!this.#isClosed) this.#uring.request(OPERATION.poll, fd, key, KIND.poll, events)
  }

  /** At once: what is asked for keeps the descriptor open. */
  forget({ fd, key, isAwaited }: UringWatch): void {
    this.#watches.delete(key)
    if (this.#isClosed || !isAwaited) return
    this.#uring.request(OPERATION.cancel, fd, 0, KIND.none, CANCEL_ALL_OF_DESCRIPTOR)
    this.#uring.enter(0)
  }

  /** @param watch undefined for what came in before the end of it */
  #onRead(watch: UringWatch | undefined, result: number, flags: number): void {
    const hasBuffer = (flags & COMPLETION.hasBuffer) !== 0
    const buffer = flags >>> COMPLETION.bufferShift
    const length = result - PREFIX_BYTES
    if (!hasBuffer || length <= 0) watch?.onReadEnd(Math.max(0, -result))
    else if (watch !== undefined) {
      const start = this.#buffers.startOf(buffer)
      this.arrivedNs = this.#clock.read(this.#buffers.words, this.#buffers.stampAt(buffer))
      watch.onRead(this.#buffers.bytes, start, start + length, (flags & COMPLETION.moreFollow) !== 0)
      this.arrivedNs = Number.NaN
    }
    if (hasBuffer && !this.#isClosed) this.#buffers.giveBack(buffer)
  }
}

class UringWatch implements Watch {
  readonly #backend: UringBackend
  readonly #watcher: Watcher
  #interest = 0
  #isRead = false
  #isPolled = false
  #isOver = false
  readonly key: number
  readonly fd: number

  constructor(backend: UringBackend, key: number, fd: number, watcher: Watcher) {
    this.#backend = backend
    this.#watcher = watcher
    this.key = key
    this.fd = fd
  }

  get isAwaited(): boolean {
    return this.#isRead || this.#isPolled
  }

  setInterest(interest: number): void {
    this.#interest = interest
    this.#ask()
  }

  end(): void {
    this.#isOver = true
    this.#backend.forget(this)
  }

  onPolled(): void {
    this.#isPolled = false
    this.#watcher.onReady()
    this.#ask()
  }

  /** @param continues whether it is read on without being asked for again */
  onRead(bytes: Buffer, start: number, end: number, continues: boolean): void {
    this.#isRead = continues
    this.#watcher.onRead(bytes, start, end)
    if (!continues) this.#ask()
  }

  onReadEnd(errno: number): void {
    this.#isRead = false
    if (TRANSIENT.has(errno)) this.#ask()
    else this.#watcher.onReadEnd(errno)
  }

  #ask(): void {
    if (this.#isOver) return
    if (!this.#isRead && (this.#interest & INTEREST.reading) !== 0) {
      this.#isRead = true
      this.#backend.read(this)
    }
    if (this.#isPolled || (this.#interest & (INTEREST.writing | INTEREST.accepting)) === 0) return
    this.#isPolled = true
    this.#backend.poll(this, (this.#interest & INTEREST.writing) !== 0 ? POLL.writable : POLL.readable)
  }
}
