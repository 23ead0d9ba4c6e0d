// Header blocks cut into HEADERS and CONTINUATION frames, joined within bounds.
import { type ConnectionFault, fault } from './grpc-frame-checks.ts'
import { MAX_HEADER_LIST_BYTES } from './grpc-response-headers.ts'

const MOST_FRAGMENTS = 64

export class HeaderBlockJoiner {
  /** Of the block that is not complete; 0 when there is none. */
  streamId = 0
  endsStream = false
  /** Of the frames so far, with their headers. */
  frameBytes = 0
  #fragments: Uint8Array[] = []
  #lengthBytes = 0

  begin(streamId: number, endsStream: boolean): void {
    this.streamId = streamId
    this.endsStream = endsStream
    this.frameBytes = 0
    this.#fragments = []
    this.#lengthBytes = 0
  }

  add(bytes: Uint8Array, start: number, end: number, frameBytes: number): ConnectionFault | null {
    this.frameBytes += frameBytes
    this.#lengthBytes += end - start
    this.#fragments.push(new Uint8Array(bytes.subarray(start, end)))
    const isFlood = this.#lengthBytes > MAX_HEADER_LIST_BYTES || this.#fragments.length > MOST_FRAGMENTS
    return isFlood ? fault('ENHANCE_YOUR_CALM', 'headers that are too long') : null
  }

  /** The whole block; there is none in progress afterwards. */
  finish(): Uint8Array {
    this.streamId = 0
    const block = Buffer.concat(this.#fragments)
    this.#fragments = []
    return block
  }
}
