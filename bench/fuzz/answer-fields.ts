// Headers and trailers of fuzzed gRPC answers, and what a client has to make of them.
import type { Random } from '../core/random.ts'
import type { HeaderField } from '../protocol/hpack-static-table.ts'

const CONTENT_TYPES: readonly HeaderField[] = [
  ['content-type', 'application/grpc'],
  ['content-type', 'application/grpc'],
  ['content-type', 'application/grpc+proto'],
]
const OK_STATUS: HeaderField = [':status', '200']
const ODD_STATUS: readonly HeaderField[] = [
  [':status', '103'],
  [':status', '503'],
  [':status', 'two'],
  ['x-no', 'status'],
]
const EXTRAS: readonly HeaderField[] = [
  ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
  ['server', 'some/1.0'],
  ['x-request-id', '\xfc~0123456789abcdef'],
  ['grpc-encoding', 'identity'],
  ['grpc-accept-encoding', 'identity,deflate,gzip'],
  ['x-empty', ''],
  ['x-long', 'abcdefghij'.repeat(30)],
  // Larger than the table.
  ['x-huge', 'z'.repeat(5000)],
]
const STATUSES: readonly HeaderField[] = [
  ['grpc-status', '0'],
  ['grpc-status', '0'],
  ['grpc-status', '0'],
  ['grpc-status', '5'],
  ['grpc-status', '-1'],
]
const MESSAGE: HeaderField = ['grpc-message', 'no%20such%20model']

/** One server's habits: it mostly says the same again. */
export class AnswerFields {
  readonly #random: Random
  readonly #isHonest: boolean
  #headers: HeaderField[] | null = null
  #trailers: HeaderField[] | null = null

  /** @param isHonest it makes no answer that is none */
  constructor(random: Random, isHonest: boolean) {
    this.#random = random
    this.#isHonest = isHonest
  }

  headers(): HeaderField[] {
    if (this.#headers !== null && this.#random.below(3) > 0) return this.#headers
    const isOdd = !this.#isHonest && this.#random.below(20) === 0
    const status = isOdd ? this.#oneOf(ODD_STATUS) : OK_STATUS
    this.#headers = [status, this.#oneOf(CONTENT_TYPES), ...this.#extras()]
    return this.#headers
  }

  trailers(): HeaderField[] {
    if (this.#trailers !== null && this.#random.below(3) > 0) return this.#trailers
    const message = this.#random.below(4) === 0 ? [MESSAGE] : []
    this.#trailers = [this.#oneOf(STATUSES), ...message, ...this.#extras()]
    return this.#trailers
  }

  /** A whole answer in one block. */
  trailersOnly(): HeaderField[] {
    return [...this.headers(), ...this.trailers()]
  }

  #extras(): HeaderField[] {
    return Array.from({ length: this.#random.below(4) }, () => this.#oneOf(EXTRAS))
  }

  #oneOf(fields: readonly HeaderField[]): HeaderField {
    return fields[this.#random.below(fields.length)] ?? OK_STATUS
  }
}

/** What an answer of an honest server is reported as: outcome and code. */
export function verdictOf(trailers: readonly HeaderField[], hasMessage: boolean): string {
  switch (trailers.find(([name]) => name === 'grpc-status')?.[1]) {
    case '0':
      return hasMessage ? 'ok 0' : 'bad-response 0'
    case '5':
      return 'status 5'
    default:
      return 'bad-response 0'
  }
}
