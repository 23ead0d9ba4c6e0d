// What a load thread waits with: for bytes on its sockets, and for the instants at which requests are due.

/** What the engines use of a TCP connection: Node's sockets have all of it, and more. */
export interface Wire {
  /** Bytes that the kernel has not taken yet. What was written stays the wire's until there are none. */
  readonly writableLength: number
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

/** Options of `net.connect`, too. */
export interface WireOptions {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string
  readonly port: number
  readonly noDelay: true
  /** Where what comes in is put; the callback has to be done with it when it returns `true`. */
  readonly onread: { readonly buffer: Buffer; readonly callback: (lengthBytes: number, buffer: Uint8Array) => boolean }
}

export interface EventLoop {
  /** When what is being handled came in, of this thread's clock; NaN: it is not known better than that it has. */
  readonly arrivedNs: number
  /** `connect`, or `error` and `close`, are emitted later, never before it returns. */
  connect(options: WireOptions): Wire
  /** Calls `act` at `dueNs` of this thread's clock, or a moment before: it looks at the clock itself. One at a time. */
  at(dueNs: number, act: () => void): void
  /** Calls `act` once what has just come in is handled. */
  soon(act: () => void): void
  /**
   * Waits without sleep until the returned function is called.
   * @param progress changes with every answer
   */
  poll(progress: () => number): () => void
  /** @returns what ends the measurement, with how late at p99 the loop was with what came in, ms */
  meterDelay(): () => number
  /** To be called when every wire is closed. */
  close(): void
}
