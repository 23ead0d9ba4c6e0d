// Bytes as they come from a socket → whole frames, whatever the reads' boundaries. Holds at most one frame.
import { FRAME_HEADER_BYTES, MAX_FRAME_PAYLOAD_BYTES, readUint32 } from './http2-frames.ts'

export interface FrameHandler {
  /** `payload[start, end)` is valid during this call only. Returns false to stop reading for good. */
  onFrame(type: number, flags: number, streamId: number, payload: Uint8Array, start: number, end: number): boolean
  /** A frame is longer than we allow. Nothing is read after it. */
  onOversizedFrame(lengthBytes: number): void
}

export class Http2FrameReader {
  readonly #handler: FrameHandler
  /** Beginning of a frame whose end was not in the last read. */
  readonly #partial = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + MAX_FRAME_PAYLOAD_BYTES)
  #partialBytes = 0
  #stopped = false

  constructor(handler: FrameHandler) {
    this.#handler = handler
  }

  push(bytes: Uint8Array, start: number, end: number): void {
    if (this.#stopped) return
    let position = this.#partialBytes > 0 ? this.#complete(bytes, start, end) : start
    while (!this.#stopped && end - position >= FRAME_HEADER_BYTES) {
      const size = this.#frameBytes(bytes, position)
      if (this.#stopped || end - position < size) break
      this.#deliver(bytes, position, size)
      position += size
    }
    if (this.#stopped || position >= end) return
    this.#append(bytes, position, end - position)
  }

  /** Fills the partial frame up to its end and delivers it; returns the position after what it took. */
  #complete(bytes: Uint8Array, start: number, end: number): number {
    const header = Math.min(end - start, Math.max(0, FRAME_HEADER_BYTES - this.#partialBytes))
    let position = start + this.#append(bytes, start, header)
    if (this.#partialBytes < FRAME_HEADER_BYTES) return position
    const size = this.#frameBytes(this.#partial, 0)
    if (this.#stopped) return end
    position += this.#append(bytes, position, Math.min(end - position, size - this.#partialBytes))
    if (this.#partialBytes < size) return end
    this.#partialBytes = 0
    this.#deliver(this.#partial, 0, size)
    return position
  }

  #append(bytes: Uint8Array, start: number, length: number): number {
    if (length > 0) this.#partial.set(bytes.subarray(start, start + length), this.#partialBytes)
    this.#partialBytes += length
    return length
  }

  #frameBytes(bytes: Uint8Array, position: number): number {
    const length = readUint32(bytes, position) >>> 8
    if (length > MAX_FRAME_PAYLOAD_BYTES) {
      this.#stopped = true
      this.#handler.onOversizedFrame(length)
    }
    return FRAME_HEADER_BYTES + length
  }

  #deliver(bytes: Uint8Array, position: number, size: number): void {
    const streamId = readUint32(bytes, position + 5) & 0x7fffffff
    const start = position + FRAME_HEADER_BYTES
    const type = bytes[position + 3] ?? 0
    if (!this.#handler.onFrame(type, bytes[position + 4] ?? 0, streamId, bytes, start, position + size)) {
      this.#stopped = true
    }
  }
}
