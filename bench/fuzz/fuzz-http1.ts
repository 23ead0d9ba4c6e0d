// Fuzzed HTTP/1 answers of one connection: alone, after each other and in pieces, amid whatever, they read alike.
import { seededRandom } from '../core/random.ts'
import { Http1Parser, PARSE, type ParserLimits } from '../protocol/http1-parser.ts'
import { GuardedReads } from './guarded-reads.ts'
import { type Http1Script, http1Case } from './http1-cases.ts'
import { randomCuts } from './mutate.ts'

/** Small enough that random answers come up to them and go beyond. */
const LIMITS: ParserLimits = { maxHeadBytes: 400, maxBodyBytes: 9000 }
const CAPACITY_BYTES = 256 * 1024

export interface Http1Account {
  /** Equal scripts have equal texts however they are read. */
  readonly text: string
  /** Empty for an answer that was taken. */
  readonly failure: string
}

const READS = {
  alone: new GuardedReads(0x0a, CAPACITY_BYTES, 7),
  atOnce: new GuardedReads(0x35, CAPACITY_BYTES),
  inPieces: new GuardedReads('stale', CAPACITY_BYTES),
}

/**
 * @returns an account an answer
 * @throws Error when the accounts differ, or when the parser breaks a rule of its own
 */
export function fuzzHttp1(seed: number, number: number): Http1Account[] {
  const random = seededRandom(seed, `cuts ${number}`)
  // Each from one answer to the next, as the parsers of connections go.
  const atOnce = { parser: new Http1Parser(LIMITS), reads: READS.atOnce }
  const inPieces = { parser: new Http1Parser(LIMITS), reads: READS.inPieces }
  return http1Case(seed, number).map((script, place) => {
    const alone = parseHttp1({ parser: new Http1Parser(LIMITS), reads: READS.alone }, script, [])
    const after = parseHttp1(atOnce, script, [])
    const cut = parseHttp1(inPieces, script, randomCuts(script.bytes.length, random))
    if (alone.text === after.text && alone.text === cut.text) return alone
    throw new Error(`answer ${place} alone: ${alone.text}\nafter others: ${after.text}\nin pieces: ${cut.text}`)
  })
}

export interface Http1Reader {
  readonly parser: Http1Parser
  readonly reads: GuardedReads
}

/** Parses one answer and leaves the parser ready for the next. */
export function parseHttp1({ parser, reads }: Http1Reader, script: Http1Script, cuts: readonly number[]): Http1Account {
  let result: number = PARSE.more
  // The body of an answer that is whole in its read is lost after it.
  let body = ''
  reads.deliver(script.bytes, cuts, (end) => {
    result = parser.feed(reads.buffer, reads.start, end)
    body = bodyOf(parser, result)
    return result === PARSE.more
  })
  if (result === PARSE.more && script.closes) {
    result = parser.finish()
    body = bodyOf(parser, result)
  }
  const { status, keepsAlive, inferenceHeaderLength, wireBytes, failure } = parser
  parser.reset()
  if ((failure === '') === (result === PARSE.failed)) throw new Error(`result ${result} with the reason "${failure}"`)
  if (wireBytes > script.bytes.length) throw new Error(`${wireBytes} bytes of ${script.bytes.length} were read`)
  // How far a refused answer was read depends on the reads, and so does how much of a body without end was seen.
  const read =
    result === PARSE.failed
      ? failure.replace(/at least \d+/, 'too many')
      : `${status} ${keepsAlive} ${inferenceHeaderLength} ${wireBytes} ${body}`
  return { text: `${result} ${read}`, failure }
}

function bodyOf(parser: Http1Parser, result: number): string {
  if (result !== PARSE.done) return ''
  const { body, bodyStart, bodyEnd } = parser
  if (bodyStart < 0 || bodyEnd < bodyStart || bodyEnd > body.length) throw new Error('a body beyond its buffer')
  return Buffer.from(body.buffer, body.byteOffset + bodyStart, bodyEnd - bodyStart).toString('latin1')
}
