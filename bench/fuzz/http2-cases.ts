// Random HTTP/2 servers as bytes: right answers on several streams at once, among which ever more is wrong.
import { type Random, seededRandom } from '../core/random.ts'
import type { HeaderField } from '../protocol/hpack-static-table.ts'
import { FLAG, FRAME, writeUint32 } from '../protocol/http2-frames.ts'
import { AnswerFields, verdictOf } from './answer-fields.ts'
import { type Reach, writeBrokenRule, writeControlFrame } from './control-frames.ts'
import { type FrameExtras, FrameWriter } from './frame-writer.ts'
import type { GrpcScript } from './grpc-replay.ts'
import { HeaderWriter } from './header-bytes.ts'
import { mutated } from './mutate.ts'

const MOST_BYTES = 192 * 1024
const NOISE = Uint8Array.from({ length: 32 * 1024 }, (_, index) => index * 167 + (index >>> 8))
const PREFIX_BYTES = 5
/** With room for padding and priority. */
const LONGEST_PIECE_BYTES = 16_000
/** A message is shorter than one of these. The last one is over the limit now and then, and not for the honest. */
const MESSAGE_SIZES = [40, 40, 40, 40, 40, 900, 9000, 50_000]
/** One frame in so many breaks a rule; 0 if none does; −1 if the server is honest, and what it says has to be understood. */
const WILDNESS = [-1, -1, 0, 200, 40, 8, 2]

const writer = new FrameWriter(MOST_BYTES)

/** A stream on which the client waits for an answer. */
interface Answer {
  readonly streamId: number
  hasHeaders: boolean
  /** Of the message and its prefix that is still to be sent; −1 if it was not begun. */
  restBytes: number
  /** Of all frames of this answer so far. */
  wireBytes: number
  message: string
}

/** The same script for the same seed and number. */
export function grpcCase(seed: number, number: number): GrpcScript {
  return new ServerScript(seededRandom(seed, `http2 ${number}`)).write()
}

class ServerScript {
  readonly #random: Random
  readonly #headers: HeaderWriter
  readonly #fields: AnswerFields
  readonly #lanes: number
  readonly #requests: number
  readonly #wildness: number
  readonly #isStreaming: boolean
  readonly #open: Answer[] = []
  readonly #expected: string[] = []
  #sentRequests: number
  #nextId = 1

  constructor(random: Random) {
    this.#random = random
    this.#lanes = 1 + random.below(4)
    this.#requests = this.#lanes + random.below(30)
    this.#sentRequests = this.#lanes
    this.#isStreaming = random.below(3) === 0
    this.#wildness = WILDNESS[random.below(WILDNESS.length)] ?? 0
    this.#headers = new HeaderWriter(random)
    this.#fields = new AnswerFields(random, this.#isHonest)
  }

  get #isHonest(): boolean {
    return this.#wildness < 0
  }

  write(): GrpcScript {
    const random = this.#random
    writer.reset()
    for (let lane = 0; lane < this.#lanes; lane++) this.#openStream()
    if (this.#isHonest || random.below(100) > 0) writer.frame(FRAME.settings, 0, 0, [])
    for (let steps = 5 + random.below(150); steps > 0 && writer.length < MOST_BYTES; steps--) this.#step()
    const { bytes, starts } = writer.finish()
    return {
      bytes: this.#wildness > 0 && random.below(3) === 0 ? mutated(bytes, random) : bytes,
      starts,
      isStreaming: this.#isStreaming,
      lanes: this.#lanes,
      requests: this.#requests,
      body: this.#isHonest && this.#isStreaming ? 0 : random.below(50) === 0 ? 2 : random.below(2),
      isBehind: random.below(10) === 0,
      cancelEvery: !this.#isHonest && random.below(4) === 0 ? 2 + random.below(20) : 0,
      closeAfter: !this.#isHonest && random.below(20) === 0 ? 1 + random.below(60) : 0,
      expected: this.#isHonest ? this.#expected : null,
    }
  }

  #step(): void {
    const random = this.#random
    const answer = this.#open[random.below(this.#open.length)]
    const aboutId = answer?.streamId ?? 1
    if (this.#wildness > 0 && random.below(this.#wildness) === 0) this.#breakARule(aboutId)
    else if (answer === undefined || random.below(6) === 0) this.#control(aboutId)
    else this.#goOn(answer)
  }

  #breakARule(aboutId: number): void {
    const random = this.#random
    if (random.below(5) > 0) {
      writeBrokenRule(writer, random, aboutId)
      return
    }
    const block = this.#headers.block(random.below(2) === 0 ? this.#fields.headers() : this.#fields.trailers())
    writer.frame(FRAME.headers, FLAG.endHeaders, aboutId, block.slice(0, random.below(block.length)))
  }

  #control(aboutId: number): void {
    // The answers of an honest server come after their requests, which a streaming lane has to have sent to the end.
    const spares = this.#isStreaming ? 'all' : 'begun'
    const reach: Reach = this.#isHonest ? { streamId: 0, spares } : { streamId: aboutId, spares: 'none' }
    const done = writeControlFrame(writer, this.#random, reach)
    // From here on the client holds no table.
    if (done === 'acknowledged') this.#headers.forbidTable()
  }

  #goOn(answer: Answer): void {
    if (answer.hasHeaders) {
      if (answer.restBytes !== 0 && !(this.#isStreaming && this.#random.below(30) === 0)) this.#data(answer)
      else this.#end(answer, this.#fields.trailers())
    } else if (this.#random.below(12) === 0) {
      this.#end(answer, this.#fields.trailersOnly())
    } else {
      answer.hasHeaders = true
      this.#block(answer, this.#fields.headers(), 0)
    }
  }

  #openStream(): void {
    this.#open.push({ streamId: this.#nextId, hasHeaders: false, restBytes: -1, wireBytes: 0, message: '' })
    this.#nextId += 2
  }

  #end(answer: Answer, fields: readonly HeaderField[]): void {
    this.#block(answer, fields, FLAG.endStream)
    const verdict = verdictOf(fields, answer.restBytes === 0)
    this.#expected.push(`${verdict} ${answer.wireBytes} ${verdict === 'ok 0' ? answer.message : ''}`)
    this.#open.splice(this.#open.indexOf(answer), 1)
    if (++this.#sentRequests <= this.#requests) this.#openStream()
  }

  /** An answer of a streaming lane is complete: the next request comes on the same stream, if there is one. */
  #endMessage(answer: Answer): void {
    this.#expected.push(`ok 0 ${answer.wireBytes} ${answer.message}`)
    answer.restBytes = -1
    answer.wireBytes = 0
    answer.message = ''
    if (++this.#sentRequests > this.#requests) this.#open.splice(this.#open.indexOf(answer), 1)
  }

  /** The next piece of a message, down to none of it. */
  #data(answer: Answer): void {
    const random = this.#random
    const isFirst = answer.restBytes === -1
    if (isFirst && random.below(8) === 0) {
      this.#frame(answer, FRAME.data, 0, [], this.#extras(false))
      return
    }
    if (isFirst) answer.restBytes = PREFIX_BYTES + this.#messageBytes()
    const wanted = random.below(2) === 0 ? answer.restBytes : random.below(60)
    const length = Math.min(Math.max(isFirst ? PREFIX_BYTES : 0, wanted), answer.restBytes, LONGEST_PIECE_BYTES)
    const from = random.below(NOISE.length - length)
    const payload = NOISE.slice(from, from + length)
    if (isFirst) writeUint32(payload.fill(0, 0, 1), 1, answer.restBytes - PREFIX_BYTES)
    answer.restBytes -= length
    answer.message += Buffer.from(payload.subarray(isFirst ? PREFIX_BYTES : 0)).toString('latin1')
    // The prefix is cut apart as well.
    const cut = isFirst ? random.below(2 * PREFIX_BYTES) : PREFIX_BYTES
    if (cut < PREFIX_BYTES) this.#frame(answer, FRAME.data, 0, payload.subarray(0, cut), this.#extras(false))
    this.#frame(answer, FRAME.data, 0, payload.subarray(cut < PREFIX_BYTES ? cut : 0), this.#extras(false))
    if (this.#isStreaming && answer.restBytes === 0) this.#endMessage(answer)
  }

  #messageBytes(): number {
    const sizes = MESSAGE_SIZES.length - (this.#isHonest ? 1 : 0)
    return this.#random.below(MESSAGE_SIZES[this.#random.below(sizes)] ?? 1)
  }

  /** HEADERS, and CONTINUATION frames where it is cut. */
  #block(answer: Answer, fields: readonly HeaderField[], flags: number): void {
    const random = this.#random
    const block = this.#headers.block(fields)
    const cuts = random.below(5) === 0 ? 1 + random.below(3) : 0
    const places = Array.from({ length: cuts }, () => random.below(block.length + 1))
    // What no frame can hold has to be cut.
    for (let at = LONGEST_PIECE_BYTES; at < block.length; at += LONGEST_PIECE_BYTES) places.push(at)
    places.sort((one, other) => one - other)
    let from = 0
    for (const [index, to] of [...places, block.length].entries()) {
      const ends = index === places.length ? FLAG.endHeaders : 0
      const piece = block.slice(from, to)
      if (index === 0) this.#frame(answer, FRAME.headers, flags | ends, piece, this.#extras(true))
      else this.#frame(answer, FRAME.continuation, ends, piece, {})
      from = to
    }
  }

  #frame(answer: Answer, type: number, flags: number, payload: ArrayLike<number>, extras: FrameExtras): void {
    const before = writer.length
    writer.frame(type, flags, answer.streamId, payload, extras)
    answer.wireBytes += writer.length - before
  }

  #extras(isHeaders: boolean): FrameExtras {
    const random = this.#random
    return {
      paddingBytes: random.below(8) === 0 ? random.below(256) : -1,
      hasPriority: isHeaders && random.below(12) === 0,
    }
  }
}
