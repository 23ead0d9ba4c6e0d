// Bytes handed over as a socket's read buffer hands them over: in pieces, amid others' bytes, and not for long.

const MARGIN_BYTES = 64

/** What lies around the bytes of a read: one value everywhere, which also replaces them, or what was read before. */
export type Surroundings = number | 'stale'

/** A read buffer. Who reads beside the bytes of the present read, or keeps them, gets other results than from another. */
export class GuardedReads {
  /** As transports see it: not at the beginning of its memory. */
  readonly buffer: Buffer
  /** Where in `buffer` every read begins. */
  readonly start: number
  readonly #surroundings: Surroundings

  constructor(surroundings: Surroundings, capacityBytes: number, start = 0) {
    const fill = surroundings === 'stale' ? 0 : surroundings
    this.buffer = Buffer.alloc(capacityBytes + start + 2 * MARGIN_BYTES, fill).subarray(MARGIN_BYTES)
    this.start = start
    this.#surroundings = surroundings
  }

  /** Calls `read` with the end of each piece within `buffer` until it returns false; `cuts` are ascending offsets. */
  deliver(bytes: Uint8Array, cuts: readonly number[], read: (end: number) => boolean): void {
    let from = 0
    for (let index = 0; index <= cuts.length; index++) {
      const to = cuts[index] ?? bytes.length
      const end = this.start + to - from
      this.buffer.set(bytes.subarray(from, to), this.start)
      const goesOn = read(end)
      if (this.#surroundings !== 'stale') this.buffer.fill(this.#surroundings, this.start, end)
      if (!goesOn) return
      from = to
    }
  }
}
