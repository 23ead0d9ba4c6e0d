// The last head of a connection and what it said: answers of a load test mostly begin with the same bytes.
import { copyHead, emptyHead, type ResponseHead } from './http1-head.ts'
import { SameBytes } from './same-bytes.ts'

/** Longer ones are read line by line every time. */
const LONGEST_HEAD_BYTES = 1024

export class HeadMemory {
  readonly #bytes = new Uint8Array(LONGEST_HEAD_BYTES)
  readonly #same = new SameBytes(this.#bytes)
  readonly #head = emptyHead()
  /** 0 if nothing is remembered. */
  #length = 0

  /** `bytes[start, end)` is a whole head with its empty line, and was accepted as `head`. */
  remember(bytes: Uint8Array, start: number, end: number, head: ResponseHead): void {
    if (end - start > LONGEST_HEAD_BYTES) return
    for (let at = start; at < end; at++) this.#bytes[at - start] = bytes[at] ?? 0
    this.#length = end - start
    copyHead(head, this.#head)
  }

  /** Fills `head` when `bytes[start, end)` begins with the remembered one; returns its length, else 0. */
  recall(bytes: Uint8Array, start: number, end: number, head: ResponseHead): number {
    const length = this.#length
    if (length === 0 || end - start < length) return 0
    if (!this.#same.liesAt(bytes, start, 0, length)) return 0
    copyHead(this.#head, head)
    return length
  }
}
