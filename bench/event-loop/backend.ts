// What a DirectLoop waits with, and what it is told by: either of two interfaces of the kernel.

/** What is to be told of a descriptor; to be added up. */
export const INTEREST = { reading: 1, writing: 2, accepting: 4 } as const

export interface Watcher {
  /** It can be written to, the attempt to connect has ended, or there are connections to accept. */
  onReady(): void
  /** What came in is `bytes[start, end)`, until it returns. */
  onRead(bytes: Buffer, start: number, end: number): void
  /** Nothing more will come in. @param errno 0: the other side has ended the stream */
  onReadEnd(errno: number): void
}

export interface Watch {
  /** @param interest in place of what it was before */
  setInterest(interest: number): void
  /** To be called before the descriptor is closed; nothing is told after it. */
  end(): void
}

export interface Backend {
  readonly name: 'io_uring' | 'epoll'
  /** Descriptors that are watched. */
  readonly watched: number
  /** During `onRead`, of this thread's clock: when the bytes came in; NaN where the kernel does not say, and otherwise. */
  readonly arrivedNs: number
  watch(fd: number, watcher: Watcher, interest: number): Watch
  /**
   * @param mostNs how long it sleeps at most when there is nothing to tell
   * @returns how many events there are
   */
  wait(mostNs: number): number
  /** Tells them to the watchers. */
  dispatch(events: number): void
  close(): void
}
