// Frames one after the other in a buffer that is reused, padded and with priorities where wanted.
import { FLAG, FRAME_HEADER_BYTES, writeFrameHeader } from '../protocol/http2-frames.ts'

const LONGEST_FRAME_BYTES = 32 * 1024
const PRIORITY_BYTES = 5

export interface FrameExtras {
  /** Adds the PADDED flag and so many bytes of padding. */
  readonly paddingBytes?: number
  readonly hasPriority?: boolean
}

export class FrameWriter {
  readonly #scratch: Buffer
  #length = 0
  #starts: number[] = []

  constructor(mostBytes: number) {
    this.#scratch = Buffer.alloc(mostBytes + LONGEST_FRAME_BYTES)
  }

  get length(): number {
    return this.#length
  }

  reset(): void {
    this.#length = 0
    this.#starts = []
  }

  /** A copy of all frames since `reset`, and where each of them begins. */
  finish(): { readonly bytes: Uint8Array; readonly starts: readonly number[] } {
    return { bytes: Uint8Array.from(this.#scratch.subarray(0, this.#length)), starts: this.#starts }
  }

  frame(type: number, flags: number, streamId: number, payload: ArrayLike<number>, extras: FrameExtras = {}): void {
    const { paddingBytes = -1, hasPriority = false } = extras
    const start = this.#length + FRAME_HEADER_BYTES
    let at = start
    if (paddingBytes >= 0) this.#scratch[at++] = paddingBytes
    if (hasPriority) {
      this.#scratch.fill(0, at, at + PRIORITY_BYTES)
      at += PRIORITY_BYTES
    }
    this.#scratch.set(payload, at)
    at += payload.length
    if (paddingBytes > 0) this.#scratch.fill(0, at, at + paddingBytes)
    const end = at + Math.max(0, paddingBytes)
    const allFlags = flags | (paddingBytes >= 0 ? FLAG.padded : 0) | (hasPriority ? FLAG.priority : 0)
    writeFrameHeader(this.#scratch, this.#length, end - start, type, allFlags, streamId)
    this.#starts.push(this.#length)
    this.#length = end
  }
}
