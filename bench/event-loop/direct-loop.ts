// Waits for sockets and due times by itself, in turns of a millisecond, between which Node's event loop has its own.
import { lookup } from 'node:dns'
import { isIP } from 'node:net'
import { nowNs } from '../core/clock.ts'
import type { Backend, Watch, Watcher } from './backend.ts'
import { DelayMeter } from './delay-meter.ts'
import { DirectListener } from './direct-listener.ts'
import { DirectSocket } from './direct-socket.ts'
import { KernelClock } from './kernel-clock.ts'
import { type Libc, PRIORITY, SCHEDULER } from './libc.ts'
import { Rehearsal } from './rehearsal.ts'
import type { EventLoop, ServerWire, Wire, WireOptions } from './types.ts'

/** How long Node's own timers and messages have to wait at most while something comes in all the time. */
const TURN_NS = 1e6

/** The same while nothing does. A shorter one costs: a core that goes to sleep has to set its clock for the end of it. */
const LONGEST_WAIT_NS = 10e6

/** A sleeping core wakes up somewhat late: the last stretch before a due time is waited for without sleep. */
const AWAKE_NS = 200e3

/** Share of the time that a thread which goes before all others is awake at most. */
const MOST_AWAKE = 0.5

/** In that stretch, what is due is rehearsed so long before, where nothing was due for a while. */
const REHEARSED_NS = { most: 80e3, least: 40e3 } as const
const FORGOTTEN_NS = 300e3

const NEVER_NS = Number.POSITIVE_INFINITY

export class DirectLoop implements EventLoop {
  readonly #libc: Libc
  readonly #sleeps: boolean
  readonly #clock: KernelClock
  readonly #backend: Backend
  readonly #turn = () => this.#run()
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
  constructor(libc: Libc, openBackend: (libc: Libc, clock: KernelClock) => Backend, sleeps = true) {
    this.#libc = libc
    this.#sleeps = sleeps
    this.#clock = new KernelClock(libc)
    this.#backend = openBackend(libc, this.#clock)
    // The default lets a wait end 50 µs late.
    libc.setTimerSlack(1)
  }

  connect(options: WireOptions): Wire {
    const socket = new DirectSocket(this.#libc, this, options)
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
    const listener: DirectListener = new DirectListener(this.#libc, this, (fd) => {
      let read: (bytes: Buffer) => void = () => {}
      const onRead = (bytes: Buffer, start: number, end: number) => read(bytes.subarray(start, end))
      const socket = new DirectSocket(this.#libc, this, { host: '127.0.0.1', port: listener.port, onRead })
      socket.adopt(fd)
      read = accept(socket)
    })
    return Promise.resolve(listener.port)
  }

  get arrivedNs(): number {
    return this.#backend.arrivedNs
  }

  at(dueNs: number, act: () => void): void {
    if (this.#isClosed) return
    this.#dueNs = dueNs
    this.#act = act
    if (this.#rehearsal === undefined) this.#rehearsal = Rehearsal.over(this.#libc, this.#backend)
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
    this.#backend.close()
  }

  watch(fd: number, watcher: Watcher, interest: number): Watch {
    const watch = this.#backend.watch(fd, watcher, interest)
    this.#schedule()
    return watch
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return
    // It was at rest, which is no delay.
    if (!this.#isRunning) this.#clock.wokenNs = nowNs()
    this.#isScheduled = true
    setImmediate(this.#turn)
  }

  #run(): void {
    this.#isScheduled = false
    if (!this.#isNeeded) return
    this.#isRunning = true
    const startNs = nowNs()
    const endNs = this.#sleeps ? startNs + TURN_NS : 0
    this.#clock.sync(startNs)
    try {
      do this.#step()
      while (this.#clock.wokenNs < endNs && this.#isNeeded)
    } finally {
      if (this.#isNeeded) this.#schedule()
      this.#isRunning = false
    }
  }

  get #isNeeded(): boolean {
    if (this.#isClosed) return false
    const ownWatches = this.#rehearsal ? 1 : 0
    return this.#backend.watched > ownWatches || this.#dueNs !== NEVER_NS || this.#soon.length > 0
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
    this.#delays.add(atNs - this.#clock.wokenNs)
    const events = this.#backend.wait(this.#longestWaitNs(atNs))
    this.#clock.wokenNs = nowNs()
    this.#backend.dispatch(events)
    this.#doSoon()
  }

  #longestWaitNs(atNs: number): number {
    if (this.#polls || !this.#sleeps) return 0
    return Math.max(0, Math.min(LONGEST_WAIT_NS, this.#dueNs - AWAKE_NS - atNs))
  }

  #rehearse(atNs: number): void {
    const leftNs = this.#dueNs - atNs
    if (leftNs > REHEARSED_NS.most || leftNs < REHEARSED_NS.least || atNs - this.#practisedNs < FORGOTTEN_NS) return
    this.#practisedNs = atNs
    this.#rehearsal?.perform()
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
