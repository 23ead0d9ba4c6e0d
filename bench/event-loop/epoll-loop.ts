// Waits for sockets and due times with epoll itself, in turns of a millisecond, between which Node's event loop has its own.
import { lookup } from 'node:dns'
import { isIP } from 'node:net'
import { nowNs } from '../core/clock.ts'
import { DelayMeter } from './delay-meter.ts'
import { EpollListener } from './epoll-listener.ts'
import { EpollSocket } from './epoll-socket.ts'
import { EPOLL, fixedMemory, type Libc, PRIORITY, SCHEDULER, SOCKET } from './libc.ts'
import { Receiver } from './receiver.ts'
import { Rehearsal } from './rehearsal.ts'
import type { EventLoop, ServerWire, Wire, WireOptions } from './types.ts'

/** How long Node's own timers and messages have to wait at most while something comes in all the time. */
const TURN_NS = 1e6

/** The same while nothing does. A shorter one costs: a core that goes to sleep has to set its clock for the end of it. */
const LONGEST_WAIT_MS = 10

/** A sleeping core wakes up somewhat late: the last stretch before a due time is waited for without sleep. */
const AWAKE_NS = 200e3

/** Share of the time that a thread which goes before all others is awake at most. */
const MOST_AWAKE = 0.5

/** In that stretch, what is due is rehearsed so long before, where nothing was due for a while. */
const REHEARSED_NS = { most: 80e3, least: 40e3 } as const
const FORGOTTEN_NS = 300e3

const MOST_EVENTS = 256

/** Of all connections to a listener together: what one read is handled before another reads. */
const ACCEPTED_BUFFER_BYTES = 64 * 1024

/** struct epoll_event in numbers of 32 bits: it is packed on x86 only. */
const EVENT = process.arch === 'x64' ? { size: 3, data: 1 } : { size: 4, data: 2 }

const NEVER_NS = Number.POSITIVE_INFINITY

/** What epoll tells of its sockets. */
interface Watched {
  onReady(events: number): void
}

export class EpollLoop implements EventLoop {
  readonly #libc: Libc
  readonly #sleeps: boolean
  readonly #epoll: number
  readonly #events = new Int32Array(MOST_EVENTS * EVENT.size)
  readonly #eventsAddress: number
  readonly #event = new Int32Array(EVENT.size)
  readonly #timeout = fixedMemory(4)
  readonly #timeoutAddress: number
  readonly #receiver: Receiver
  /** By key: what epoll knows them by. A key is not used again, as the number of a closed socket is. */
  readonly #watched = new Map<number, Watched>()
  readonly #turn = () => this.#run()
  #lastKey = 0
  #dueNs = NEVER_NS
  #act = () => {}
  /** Once something was due. */
  #rehearsal: Rehearsal | null | undefined
  /** When something was due, or rehearsed, last. */
  #practisedNs = 0
  #soon: (() => void)[] = []
  #spare: (() => void)[] = []
  #polls = false
  #delays = new DelayMeter()
  #isScheduled = false
  #isRunning = false
  #isClosed = false

  /** @param sleeps whether it waits at all; tests have their servers on the same thread */
  constructor(libc: Libc, sleeps = true) {
    this.#libc = libc
    this.#sleeps = sleeps
    this.#eventsAddress = libc.address(this.#events)
    this.#timeoutAddress = libc.address(this.#timeout)
    this.#receiver = new Receiver(libc)
    this.#epoll = libc.epollCreate(SOCKET.closeOnExec)
    if (this.#epoll === -1) throw new Error(`epoll_create1 failed with error ${libc.errno()}`)
    // The default lets a wait end 50 µs late.
    libc.setTimerSlack(1)
  }

  connect(options: WireOptions): Wire {
    const socket = new EpollSocket(this.#libc, this, this.#receiver, options)
    const { host } = options
    if (isIP(host) !== 0) this.soon(() => socket.start([host]))
    else
      lookup(host, { all: true }, (error, found) => {
        if (error === null) socket.start(found.map(({ address }) => address))
        else socket.failWith(error)
      })
    return socket
  }

  listen(accept: (wire: ServerWire) => (bytes: Buffer) => void): Promise<number> {
    const buffer = Buffer.allocUnsafeSlow(ACCEPTED_BUFFER_BYTES)
    const listener: EpollListener = new EpollListener(this.#libc, this, (fd) => {
      let read: (bytes: Buffer) => void = () => {}
      const callback = (length: number) => {
        read(buffer.subarray(0, length))
        return true
      }
      const place = { host: '127.0.0.1', port: listener.port, noDelay: true } as const
      const socket = new EpollSocket(this.#libc, this, this.#receiver, { ...place, onread: { buffer, callback } })
      socket.adopt(fd)
      read = accept(socket)
    })
    return Promise.resolve(listener.port)
  }

  get arrivedNs(): number {
    return this.#receiver.arrivedNs
  }

  at(dueNs: number, act: () => void): void {
    if (this.#isClosed) return
    this.#dueNs = dueNs
    this.#act = act
    if (this.#rehearsal === undefined) this.#rehearsal = Rehearsal.over(this.#libc, this.#receiver)
    this.#schedule()
  }

  soon(act: () => void): void {
    if (this.#isRunning) this.#soon.push(act)
    else process.nextTick(act)
  }

  poll(): () => void {
    this.#polls = true
    return () => {
      this.#polls = false
    }
  }

  goFirst(perSec: number): (() => void) | null {
    if (!this.#sleeps || this.#polls || (perSec * AWAKE_NS) / 1e9 > MOST_AWAKE) return null
    const { normal, first, notInherited } = SCHEDULER
    // Whoever started dyno with a policy of their own (chrt) keeps it.
    if ((this.#libc.getScheduler() & ~notInherited) !== normal) return null
    if (this.#libc.setScheduler(first | notInherited, PRIORITY.first) === -1) return null
    return () => void this.#libc.setScheduler(normal | notInherited, PRIORITY.normal)
  }

  meterDelay(): () => number {
    const startNs = nowNs()
    this.#delays = new DelayMeter()
    return () => this.#delays.p99Ms(nowNs() - startNs)
  }

  /** What is still due, as when a load is cut off, is not done any more. */
  close(): void {
    this.#isClosed = true
    this.#rehearsal?.close()
    this.#libc.close(this.#epoll)
  }

  /** @returns the key of what is watched from here on */
  add(watched: Watched, fd: number, events: number): number {
    const key = ++this.#lastKey
    this.#watched.set(key, watched)
    this.#control(EPOLL.add, key, fd, events)
    this.#schedule()
    return key
  }

  watch(key: number, fd: number, events: number): void {
    this.#control(EPOLL.modify, key, fd, events)
  }

  /** To be closed next, which ends the watching. */
  remove(key: number): void {
    this.#watched.delete(key)
  }

  #control(operation: number, key: number, fd: number, events: number): void {
    this.#event[0] = events
    this.#event[EVENT.data] = key
    this.#libc.epollCtl(this.#epoll, operation, fd, this.#event)
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return
    // It was at rest, which is no delay.
    if (!this.#isRunning) this.#receiver.wokenNs = nowNs()
    this.#isScheduled = true
    setImmediate(this.#turn)
  }

  #run(): void {
    this.#isScheduled = false
    if (!this.#isNeeded) return
    this.#isRunning = true
    const startNs = nowNs()
    const endNs = this.#sleeps ? startNs + TURN_NS : 0
    this.#receiver.sync(startNs)
    try {
      do this.#step()
      while (this.#receiver.wokenNs < endNs && this.#isNeeded)
    } finally {
      if (this.#isNeeded) this.#schedule()
      this.#isRunning = false
    }
  }

  get #isNeeded(): boolean {
    if (this.#isClosed) return false
    return this.#watched.size > 0 || this.#dueNs !== NEVER_NS || this.#soon.length > 0
  }

  #step(): void {
    let atNs = nowNs()
    if (atNs >= this.#dueNs) {
      this.#dueNs = NEVER_NS
      this.#act()
      this.#doSoon()
      if (!this.#isNeeded) return
      atNs = nowNs()
      this.#practisedNs = atNs
    } else this.#rehearse(atNs)
    this.#delays.add(atNs - this.#receiver.wokenNs)
    const count = this.#wait(this.#dueNs - AWAKE_NS - atNs)
    this.#receiver.wokenNs = nowNs()
    for (let index = 0; index < count; index++) {
      const key = this.#events[index * EVENT.size + EVENT.data] ?? 0
      this.#watched.get(key)?.onReady(this.#events[index * EVENT.size] ?? 0)
    }
    this.#doSoon()
  }

  #rehearse(atNs: number): void {
    const leftNs = this.#dueNs - atNs
    if (leftNs > REHEARSED_NS.most || leftNs < REHEARSED_NS.least || atNs - this.#practisedNs < FORGOTTEN_NS) return
    this.#practisedNs = atNs
    this.#rehearsal?.perform()
  }

  /** @returns how many events there are */
  #wait(mostNs: number): number {
    if (mostNs > LONGEST_WAIT_MS * 1e6) {
      const timeoutMs = this.#polls || !this.#sleeps ? 0 : LONGEST_WAIT_MS
      return this.#libc.epollWait(this.#epoll, this.#eventsAddress, MOST_EVENTS, timeoutMs)
    }
    this.#timeout[2] = this.#polls || !this.#sleeps ? 0 : Math.max(0, mostNs)
    return this.#libc.epollWaitNs(this.#epoll, this.#eventsAddress, MOST_EVENTS, this.#timeoutAddress)
  }

  #doSoon(): void {
    while (this.#soon.length > 0) {
      const acts = this.#soon
      this.#soon = this.#spare
      for (const act of acts) act()
      acts.length = 0
      this.#spare = acts
    }
  }
}
