// Node's own event loop: for TLS, and where there is no epoll.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type TcpNetConnectOpts } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { nowNs, pauseUntil } from '../core/clock.ts'
import { BACKLOG, type EventLoop, type ServerWire, type Wire, type WireOptions } from './types.ts'

/**
 * Timers of Node are late by up to about a millisecond, so the last stretch before a due time is polled with
 * setImmediate. That turns the event loop without pause: the generator uses its whole core while the gap between two
 * requests is shorter than this.
 */
const POLL_NS = 1.5e6

/** The monitor's own timer interval; its histogram counts that in, so it is taken off again. */
const RESOLUTION_MS = 10

/** Of all sockets of a thread: Node hands over what it read at once, before anything else is read. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)

/** The same for `net.connect` and `tls.connect`. */
export function nodeOptions({ host, port, onRead }: WireOptions): TcpNetConnectOpts {
  const callback = (length: number) => {
    onRead(readBuffer, 0, length)
    return true
  }
  return { host, port, noDelay: true, onread: { buffer: readBuffer, callback } }
}

/** A class, since its methods stay compiled from one session to the next. */
export class NodeLoop implements EventLoop {
  readonly arrivedNs = Number.NaN
  #dueNs = 0
  #act = () => {}
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  readonly #turn = () => {
    pauseUntil(this.#dueNs)
    this.#act()
  }

  connect(options: WireOptions): Wire {
    return connect(nodeOptions(options))
  }

  async listen(accept: (wire: ServerWire) => (bytes: Buffer) => void): Promise<number> {
    const server = createServer({ noDelay: true }, (socket) => socket.on('data', accept(socket)))
    server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG })
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  at(dueNs: number, act: () => void): void {
    this.#dueNs = dueNs
    this.#act = act
    const waitNs = dueNs - nowNs()
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    if (waitNs > 2 * POLL_NS) this.#timer = setTimeout(this.#turn, (waitNs - POLL_NS) / 1e6)
    else this.#immediate = setImmediate(this.#turn)
  }

  soon(act: () => void): void {
    process.nextTick(act)
  }

  /** While answers come, no turn is put off. */
  poll(progress: () => number): () => void {
    let isOver = false
    let last = -1
    const turn = () => {
      if (isOver) return
      const now = progress()
      if (now === last) pauseUntil(Number.POSITIVE_INFINITY)
      last = now
      setImmediate(turn)
    }
    turn()
    return () => {
      isOver = true
    }
  }

  /** It polls too much. */
  goFirst(): null {
    return null
  }

  meterDelay(): () => number {
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    delay.enable()
    return () => {
      delay.disable()
      const p99Ms = delay.percentile(99) / 1e6 - RESOLUTION_MS
      return Number.isFinite(p99Ms) ? Math.max(0, p99Ms) : 0
    }
  }

  close(): void {}
}
