// What load threads and built-in servers wait with: for bytes on their sockets, and for the instants at which something is due.

/** What is used of a TCP connection: Node's sockets have all of it, and more. */
export interface Wire {
  /** Bytes that the kernel has not taken yet. What was written stays the wire's until there are none. */
  readonly writableLength: number
  readonly destroyed: boolean
  /** Whether `close` was emitted. */
  readonly closed: boolean
  /** The address that it is connected to. */
  readonly remoteAddress?: string | undefined
  write(bytes: Uint8Array): unknown
  /** Ends it at once. */
  destroy(): unknown
  /** Ends it once all is written. */
  destroySoon(): void
  /** Emits `timeout` after so long; 0: takes that back. */
  setTimeout(timeoutMs: number): unknown
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
  on(event: 'connect' | 'secureConnect' | 'timeout' | 'end' | 'close', listener: () => void): unknown
  once(event: 'close', listener: () => void): unknown
}

/** The server's side of one. */
export interface ServerWire extends Wire {
  /** Ends it with a reset. */
  resetAndDestroy(): unknown
}

export interface WireOptions {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** What came in is `bytes[start, end)`, until it returns. */
  readonly onRead: (bytes: Buffer, start: number, end: number) => void
}

/** Connections that may wait to be accepted. */
export const BACKLOG = 4096

/** What load threads of this machine can do over plain sockets. */
export interface LoadThreadAbilities {
  /** node: its own event loop, and its sockets. */
  readonly waitsWith: 'io_uring' | 'epoll' | 'node'
  /** thread: an answer counts from when the load thread has read it. */
  readonly answersTimedBy: 'kernel' | 'thread'
  /** real-time: those of open loops go before all other threads, as long as they sleep at least half of the time. */
  readonly openLoopPriority: 'real-time' | 'normal'
}

export interface EventLoop {
  /** When what is being handled came in, of this thread's clock; NaN if it is known only that it has. */
  readonly arrivedNs: number
  /** `connect`, or `error` and `close`, are emitted later, never before it returns. */
  connect(options: WireOptions): Wire
  /**
   * Listens on a free port of 127.0.0.1 until the process ends.
   * @param accept gives a connection its reader; the bytes are the reader's during the call only
   * @returns the port
   */
  listen(accept: (wire: ServerWire) => (bytes: Buffer) => void): Promise<number>
  /** Calls `act` at `dueNs` of this thread's clock, or a moment before: it looks at the clock itself. The last call counts. */
  at(dueNs: number, act: () => void): void
  /** Calls `act` once what has just come in is handled. */
  soon(act: () => void): void
  /**
   * Waits without sleep until the returned function is called.
   * @param progress changes with every answer
   */
  poll(progress: () => number): () => void
  /**
   * Lets this thread go before all others when something is due, until the returned function is called.
   * @param perSec how often something will be
   * @returns `null` where it may not, or would keep a core from everybody else
   */
  goFirst(perSec: number): (() => void) | null
  /** @returns what ends the measurement, with how late at p99 the loop was with what came in, ms */
  meterDelay(): () => number
  /** To be called when every wire is closed. */
  close(): void
}
