// What a client wrote, judged: whole frames in every write, stream ids that only grow, whole messages, nothing after GOAWAY.
import {
  CLIENT_PREFACE,
  FRAME,
  FRAME_HEADER_BYTES,
  MAX_FRAME_PAYLOAD_BYTES,
  readUint32,
} from '../protocol/http2-frames.ts'

/** What a client may write, and how long each payload is at least and at most. */
const PAYLOAD_BYTES: Readonly<Record<number, readonly [number, number]>> = {
  [FRAME.data]: [0, MAX_FRAME_PAYLOAD_BYTES],
  [FRAME.headers]: [1, MAX_FRAME_PAYLOAD_BYTES],
  [FRAME.resetStream]: [4, 4],
  [FRAME.settings]: [0, 24],
  [FRAME.ping]: [8, 8],
  [FRAME.goAway]: [8, 8],
  [FRAME.windowUpdate]: [4, 4],
}
const PREFIX_BYTES = 5

export class ClientOutput {
  dataBytes = 0
  readonly #messageBytes: number
  /** Bytes of DATA a stream. */
  readonly #streamBytes = new Map<number, number>()
  #totalBytes = 0
  /** FNV-1a of all bytes, so that two runs can be compared. */
  #hash = 0x811c9dc5
  #lastStreamId = 0
  #isOver = false

  /** @param bodyBytes of each request */
  constructor(bodyBytes: number) {
    this.#messageBytes = PREFIX_BYTES + bodyBytes
  }

  /** @throws Error when the client breaks HTTP/2 or gRPC */
  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) this.#hash = Math.imul(this.#hash ^ (bytes[at] ?? 0), 0x01000193)
    const isFirst = this.#totalBytes === 0
    if (isFirst && CLIENT_PREFACE.compare(bytes, 0, CLIENT_PREFACE.length) !== 0) throw new Error('no preface')
    this.#totalBytes += bytes.length
    let at = isFirst ? CLIENT_PREFACE.length : 0
    while (at < bytes.length) at = this.#takeFrame(bytes, at)
    if (at !== bytes.length) throw new Error('the client writes a frame in parts')
  }

  get summary(): string {
    return `${this.#totalBytes} bytes ${this.#hash >>> 0}`
  }

  #takeFrame(bytes: Uint8Array, at: number): number {
    const length = readUint32(bytes, at) >>> 8
    const type = bytes[at + 3] ?? 0
    const streamId = readUint32(bytes, at + 5)
    const payload = at + FRAME_HEADER_BYTES
    if (this.#isOver) throw new Error('the client writes after GOAWAY')
    const [least, most] = PAYLOAD_BYTES[type] ?? [1, 0]
    if (length < least || length > most) throw new Error(`the client writes a frame of type ${type}, ${length} bytes`)
    if (type === FRAME.goAway) this.#isOver = true
    if (type === FRAME.data) this.#takeData(streamId, bytes[payload] ?? 0, length)
    if (type === FRAME.resetStream) this.#streamBytes.set(streamId, Number.NaN)
    if (type === FRAME.headers) {
      if (streamId <= this.#lastStreamId || streamId % 2 === 0) throw new Error(`stream ${streamId} out of order`)
      this.#lastStreamId = streamId
    }
    return payload + length
  }

  /** A message begins with a 0, and where the last one ends; its text has none. */
  #takeData(streamId: number, first: number, length: number): void {
    const before = this.#streamBytes.get(streamId) ?? 0
    const within = before % this.#messageBytes
    if (Number.isNaN(before)) throw new Error(`DATA after RST_STREAM on stream ${streamId}`)
    if (length > 0 && (within === 0 || within >= PREFIX_BYTES) && (within === 0) !== (first === 0)) {
      throw new Error(`a message is cut off, or not begun, at byte ${before} of stream ${streamId}`)
    }
    this.#streamBytes.set(streamId, before + length)
    this.dataBytes += length
  }
}
