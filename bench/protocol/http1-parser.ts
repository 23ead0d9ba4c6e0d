// Incremental HTTP/1.1 response parser over bytes that arrive split anywhere. Hostile bytes end in `failed`, never a throw.
// An answer with a Content-Length that lies whole in one read is handed over in place, without copying or allocating.
import { appendBytes, clearBytes, growingBytes } from './http1-bytes.ts'
import { readChunkSize } from './http1-chunk.ts'
import { clearHead, emptyHead, quoted, readHeaderLine, readStatusLine, readTrailerLine } from './http1-head.ts'
import { HeadMemory } from './http1-head-memory.ts'

/** `more`: the answer goes on. After `done` and `failed` only `reset` helps. */
export const PARSE = { more: 0, done: 1, failed: 2 } as const
export type ParseResult = (typeof PARSE)[keyof typeof PARSE]

export interface ParserLimits {
  /** Of all heads of an answer together (interim ones too), of its trailers, and of a chunk's size line. */
  readonly maxHeadBytes: number
  readonly maxBodyBytes: number
}

export const DEFAULT_PARSER_LIMITS: ParserLimits = { maxHeadBytes: 64 * 1024, maxBodyBytes: 16 * 1024 * 1024 }

const STATE = {
  statusLine: 0,
  headerLine: 1,
  body: 2,
  bodyUntilClose: 3,
  chunkSize: 4,
  chunkData: 5,
  chunkEnd: 6,
  trailer: 7,
  done: 8,
  failed: 9,
} as const
type State = (typeof STATE)[keyof typeof STATE]

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

const NO_BYTES = new Uint8Array(0)

/** One connection's answers, one after the other: `feed` until it is not `more`, read the fields, `reset`. */
export class Http1Parser {
  /** The body of a done answer is `body[bodyStart, bodyEnd)`, valid until the next `feed`, `reset` or read. */
  body: Uint8Array = NO_BYTES
  bodyStart = 0
  bodyEnd = 0
  /** Bytes of this answer so far, heads, framing and interim answers included. */
  wireBytes = 0
  /** Bytes of the last `feed` that lie after the end of the answer: nobody asked for them, close the connection. */
  leftoverBytes = 0
  /** Why the answer was refused. */
  failure = ''

  readonly #limits: ParserLimits
  readonly #head = emptyHead()
  readonly #memory = new HeadMemory()
  readonly #line = growingBytes()
  readonly #content = growingBytes()
  #state: State = STATE.statusLine
  #headBytes = 0
  #chunkRemaining = 0

  constructor(limits: ParserLimits = DEFAULT_PARSER_LIMITS) {
    this.#limits = limits
  }

  /** Of the final answer; 0 before its head was read. */
  get status(): number {
    return this.#head.status
  }

  /** Where a redirection leads; empty for other answers. */
  get location(): string {
    return this.#head.location
  }

  /** `inference-header-content-length`, −1 where absent. */
  get inferenceHeaderLength(): number {
    return this.#head.inferenceHeaderLength
  }

  /** Whether another request may follow on the connection (RFC 9112, 9.3). */
  get keepsAlive(): boolean {
    const { minorVersion, saysClose, saysKeepAlive } = this.#head
    if (this.#state !== STATE.done || saysClose || this.#endsWithConnection()) return false
    return minorVersion === 1 || saysKeepAlive
  }

  reset(): void {
    clearHead(this.#head)
    clearBytes(this.#line)
    clearBytes(this.#content)
    this.#state = STATE.statusLine
    this.#headBytes = 0
    this.body = NO_BYTES
    this.bodyStart = 0
    this.bodyEnd = 0
    this.wireBytes = 0
    this.leftoverBytes = 0
    this.failure = ''
  }

  /** Reads `bytes[start, end)`. */
  feed(bytes: Uint8Array, start: number, end: number): ParseResult {
    const isNew = this.wireBytes === 0
    let at = isNew ? start + this.#recallHead(bytes, start, end) : start
    while (at < end && this.#state < STATE.done) {
      switch (this.#state) {
        case STATE.body:
          at = this.#readBody(bytes, at, end)
          break
        case STATE.bodyUntilClose:
          at = this.#readUntilClose(bytes, at, end)
          break
        case STATE.chunkData:
          at = this.#readChunk(bytes, at, end)
          break
        default:
          at = this.#readFraming(bytes, at, end, isNew ? start : -1)
      }
    }
    this.wireBytes += at - start
    this.leftoverBytes = end - at
    return this.#result()
  }

  /** The server closed its side in an orderly way: the end of a body without a length, or an answer cut short. */
  finish(): ParseResult {
    if (this.#state === STATE.bodyUntilClose) this.#endWithContent()
    if (this.#state < STATE.done) this.#fail(this.#cutShort())
    return this.#result()
  }

  /** @param answerStart where the answer begins in `bytes`; −1 if it began in an earlier read */
  #readFraming(bytes: Uint8Array, start: number, end: number, answerStart: number): number {
    const wasInHead = this.#state === STATE.headerLine
    const at = this.#readLine(bytes, start, end)
    const endedHead = wasInHead && this.#state > STATE.headerLine && this.#state !== STATE.failed
    if (endedHead && answerStart !== -1) this.#memory.remember(bytes, answerStart, at, this.#head)
    return at
  }

  /** A head that is the last one to the byte needs no reading; returns its length, else 0. */
  #recallHead(bytes: Uint8Array, start: number, end: number): number {
    const length = this.#memory.recall(bytes, start, end, this.#head)
    if (length > 0) this.#endHead()
    return length
  }

  #result(): ParseResult {
    if (this.#state === STATE.done) return PARSE.done
    return this.#state === STATE.failed ? PARSE.failed : PARSE.more
  }

  #fail(failure: string): void {
    this.failure = failure
    this.#state = STATE.failed
  }

  #cutShort(): string {
    if (this.wireBytes === 0) return 'the server closed the connection without an answer'
    const of = this.#state === STATE.body ? ` of ${this.#head.contentLength}` : ''
    const what = this.#state <= STATE.headerLine ? 'within the head' : `after ${this.#content.length}${of} body bytes`
    return `the server closed the connection ${what}`
  }

  /** Heads and chunk framing: a whole line is read in place, a part of one is put aside. */
  #readLine(bytes: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end && bytes[at] !== LINE_FEED) at++
    this.#headBytes += at - start + 1
    if (this.#headBytes > this.#limits.maxHeadBytes) {
      this.#fail(`the head or the chunk framing is larger than ${this.#limits.maxHeadBytes} bytes`)
      return at
    }
    if (at === end) {
      this.#headBytes--
      appendBytes(this.#line, bytes, start, end)
    } else if (this.#line.length === 0) {
      this.#takeLine(bytes, start, at)
    } else {
      appendBytes(this.#line, bytes, start, at)
      this.#takeLine(this.#line.bytes, 0, this.#line.length)
      clearBytes(this.#line)
    }
    return Math.min(at + 1, end)
  }

  /** @param end index of the line feed */
  #takeLine(bytes: Uint8Array, start: number, end: number): void {
    const hasReturn = end > start && bytes[end - 1] === CARRIAGE_RETURN
    const problem = hasReturn
      ? this.#readWholeLine(bytes, start, end - 1)
      : `a line ends without a carriage return: ${quoted(bytes, start, end)}`
    if (problem !== null) this.#fail(problem)
  }

  /** Why the line is refused, `null` when it is good. */
  #readWholeLine(bytes: Uint8Array, start: number, end: number): string | null {
    switch (this.#state) {
      case STATE.statusLine:
        this.#state = STATE.headerLine
        return readStatusLine(this.#head, bytes, start, end)
      case STATE.headerLine:
        return start === end ? this.#endHead() : readHeaderLine(this.#head, bytes, start, end)
      case STATE.chunkSize:
        return this.#beginChunk(bytes, start, end)
      case STATE.chunkEnd:
        this.#headBytes = 0
        this.#state = STATE.chunkSize
        return start === end ? null : 'a chunk is longer than its size says'
      default:
        if (start < end) return readTrailerLine(bytes, start, end)
        this.#endWithContent()
        return null
    }
  }

  #endHead(): string | null {
    const { status, contentLength, isChunked, minorVersion } = this.#head
    if (status === 101) return 'the server switched to another protocol, which was not asked for'
    if (isChunked && contentLength >= 0) return 'both content-length and transfer-encoding: chunked'
    if (isChunked && minorVersion === 0) return 'transfer-encoding in an HTTP/1.0 answer'
    if (status < 200) {
      clearHead(this.#head)
      this.#state = STATE.statusLine
    } else if (contentLength === 0 || isBodiless(status)) {
      this.#state = STATE.done
    } else if (contentLength > this.#limits.maxBodyBytes) {
      return this.#tooLarge(contentLength)
    } else if (isChunked) {
      this.#headBytes = 0
      this.#state = STATE.chunkSize
    } else {
      this.#state = contentLength < 0 ? STATE.bodyUntilClose : STATE.body
    }
    return null
  }

  #tooLarge(bodyBytes: number): string {
    return `the body has at least ${bodyBytes} bytes, the limit is ${this.#limits.maxBodyBytes}`
  }

  #beginChunk(bytes: Uint8Array, start: number, end: number): string | null {
    const size = readChunkSize(bytes, start, end)
    if (size < 0) return `bad chunk size ${quoted(bytes, start, end)}`
    const bodyBytes = size + this.#content.length
    if (bodyBytes > this.#limits.maxBodyBytes) return this.#tooLarge(bodyBytes)
    this.#headBytes = 0
    this.#chunkRemaining = size
    this.#state = size === 0 ? STATE.trailer : STATE.chunkData
    return null
  }

  #readBody(bytes: Uint8Array, start: number, end: number): number {
    const length = this.#head.contentLength
    const after = Math.min(end, start + length - this.#content.length)
    if (after - start === length) {
      this.body = bytes
      this.bodyStart = start
      this.bodyEnd = after
      this.#state = STATE.done
      return after
    }
    appendBytes(this.#content, bytes, start, after)
    if (this.#content.length === length) this.#endWithContent()
    return after
  }

  #readUntilClose(bytes: Uint8Array, start: number, end: number): number {
    const bodyBytes = this.#content.length + end - start
    if (bodyBytes > this.#limits.maxBodyBytes) this.#fail(this.#tooLarge(bodyBytes))
    else appendBytes(this.#content, bytes, start, end)
    return end
  }

  #readChunk(bytes: Uint8Array, start: number, end: number): number {
    const after = Math.min(end, start + this.#chunkRemaining)
    appendBytes(this.#content, bytes, start, after)
    this.#chunkRemaining -= after - start
    if (this.#chunkRemaining === 0) this.#state = STATE.chunkEnd
    return after
  }

  #endWithContent(): void {
    this.body = this.#content.bytes
    this.bodyStart = 0
    this.bodyEnd = this.#content.length
    this.#state = STATE.done
  }

  #endsWithConnection(): boolean {
    const { status, contentLength, isChunked } = this.#head
    return contentLength < 0 && !isChunked && !isBodiless(status)
  }
}

/** Answers that end with their head, whatever it says (RFC 9112, 6.3). */
function isBodiless(status: number): boolean {
  return status === 204 || status === 304
}
