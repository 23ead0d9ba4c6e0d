// epoll says which sockets are ready; each is then read with a call of its own.
import type { Backend, Watch, Watcher } from './backend.ts'
import { INTEREST } from './backend.ts'
import { type KernelClock, STAMP_BYTES } from './kernel-clock.ts'
import { ERRNO, fixedMemory, type Libc, MESSAGE, SOCKET, setAddress } from './libc.ts'

const MOST_EVENTS = 256
const READ_BYTES = 64 * 1024

const EPOLL = { add: 1, modify: 3, readable: 1, writable: 4 } as const

/** struct epoll_event in numbers of 32 bits: it is packed on x86 only. */
const EVENT = process.arch === 'x64' ? { size: 3, data: 1 } : { size: 4, data: 2 }

/** struct msghdr in numbers of 32 bits. */
const MESSAGE_HEADER = { size: 14, vector: 4, vectors: 6, control: 8, controlBytes: 10 } as const

export class EpollBackend implements Backend {
  readonly name = 'epoll'
  readonly #libc: Libc
  readonly #clock: KernelClock
  readonly #epoll: number
  readonly #events = new Int32Array(MOST_EVENTS * EVENT.size)
  readonly #eventsAddress: number
  readonly #event = new Int32Array(EVENT.size)
  readonly #timeout = fixedMemory(4)
  readonly #timeoutAddress: number
  readonly #bytes = Buffer.allocUnsafeSlow(READ_BYTES)
  readonly #message = fixedMemory(MESSAGE_HEADER.size)
  readonly #messageAddress: number
  readonly #vector = fixedMemory(4)
  readonly #stamp = fixedMemory(STAMP_BYTES / 4)
  /** By key: what epoll knows them by. A key is not used again, as the number of a closed socket is. */
  readonly #watches = new Map<number, EpollWatch>()
  #lastKey = 0
  arrivedNs = Number.NaN

  constructor(libc: Libc, clock: KernelClock) {
    this.#libc = libc
    this.#clock = clock
    this.#eventsAddress = libc.address(this.#events)
    this.#timeoutAddress = libc.address(this.#timeout)
    this.#messageAddress = libc.address(this.#message)
    setAddress(libc, this.#vector, 0, this.#bytes)
    this.#vector[2] = READ_BYTES
    setAddress(libc, this.#message, MESSAGE_HEADER.vector, this.#vector)
    this.#message[MESSAGE_HEADER.vectors] = 1
    setAddress(libc, this.#message, MESSAGE_HEADER.control, this.#stamp)
    this.#epoll = libc.epollCreate(SOCKET.closeOnExec)
    if (this.#epoll === -1) throw new Error(`epoll_create1 failed with error ${libc.errno()}`)
  }

  get watched(): number {
    return this.#watches.size
  }

  watch(fd: number, watcher: Watcher, interest: number): Watch {
    const watch = new EpollWatch(this, ++this.#lastKey, fd, watcher, interest)
    this.#watches.set(watch.key, watch)
    this.#control(EPOLL.add, watch)
    return watch
  }

  wait(mostNs: number): number {
    const mostMs = mostNs / 1e6
    // The one that counts in nanoseconds is slower.
    if (Number.isInteger(mostMs)) return this.#libc.epollWait(this.#epoll, this.#eventsAddress, MOST_EVENTS, mostMs)
    this.#timeout[2] = mostNs
    return this.#libc.epollWaitNs(this.#epoll, this.#eventsAddress, MOST_EVENTS, this.#timeoutAddress)
  }

  dispatch(events: number): void {
    for (let index = 0; index < events; index++) {
      const key = this.#events[index * EVENT.size + EVENT.data] ?? 0
      this.#watches.get(key)?.onEvents(this.#events[index * EVENT.size] ?? 0)
    }
  }

  close(): void {
    this.#libc.close(this.#epoll)
  }

  modify(watch: EpollWatch): void {
    this.#control(EPOLL.modify, watch)
  }

  /** The descriptor is closed next, which takes it from epoll. */
  forget({ key }: EpollWatch): void {
    this.#watches.delete(key)
  }

  read({ fd, watcher }: EpollWatch): void {
    this.#message[MESSAGE_HEADER.controlBytes] = STAMP_BYTES
    const length = this.#libc.recvmsg(fd, this.#messageAddress, MESSAGE.dontWait)
    if (length > 0) {
      const isStamped = this.#message[MESSAGE_HEADER.controlBytes] === STAMP_BYTES
      this.arrivedNs = isStamped ? this.#clock.read(this.#stamp, 0) : Number.NaN
      watcher.onRead(this.#bytes, 0, length)
      this.arrivedNs = Number.NaN
      return
    }
    const errno = length === 0 ? 0 : this.#libc.errno()
    if (errno !== ERRNO.again && errno !== ERRNO.interrupted) watcher.onReadEnd(errno)
  }

  #control(operation: number, { key, fd, interest }: EpollWatch): void {
    const readable = (interest & (INTEREST.reading | INTEREST.accepting)) === 0 ? 0 : EPOLL.readable
    this.#event[0] = readable | ((interest & INTEREST.writing) === 0 ? 0 : EPOLL.writable)
    this.#event[EVENT.data] = key
    this.#libc.epollCtl(this.#epoll, operation, fd, this.#event)
  }
}

class EpollWatch implements Watch {
  readonly #backend: EpollBackend
  #isOver = false
  readonly key: number
  readonly fd: number
  readonly watcher: Watcher
  interest: number

  constructor(backend: EpollBackend, key: number, fd: number, watcher: Watcher, interest: number) {
    this.#backend = backend
    this.key = key
    this.fd = fd
    this.watcher = watcher
    this.interest = interest
  }

  setInterest(interest: number): void {
    this.interest = interest
    this.#backend.modify(this)
  }

  end(): void {
    this.#isOver = true
    this.#backend.forget(this)
  }

  /** An error and a hang-up are told by reading, too. */
  onEvents(events: number): void {
    const reads = (this.interest & INTEREST.reading) !== 0
    if (!reads || (events & EPOLL.writable) !== 0) this.watcher.onReady()
    if (reads && (events & ~EPOLL.writable) !== 0 && !this.#isOver) this.#backend.read(this)
  }
}
