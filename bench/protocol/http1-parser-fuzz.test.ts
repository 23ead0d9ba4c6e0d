// Fifty thousand hostile inputs, the same each time: no throw, no read outside, no memory beyond the limits.
import { expect, it } from 'vitest'
import { type Random, seededRandom } from '../core/random.ts'
import { Http1Parser, PARSE } from './http1-parser.ts'

const SEEDS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: keep-alive\r\n\r\n{"a":[1,2]} ',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nabcd\r\n1\r\n!\r\n0\r\nT: 1\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\nInference-Header-Content-Length: 3\r\n\r\nuntil the end',
  'HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n',
].map((text) => Buffer.from(text, 'latin1'))
const SPICES = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ':',
  ' ',
  '0',
  '9',
  'f',
  '-',
  ';',
  '\0',
  '\xff',
  'Content-Length: 7\r\n',
  'chunked',
]
const LIMITS = { maxHeadBytes: 200, maxBodyBytes: 64 }
const INPUTS = 50_000

function hostile(random: Random): Buffer {
  let bytes = SEEDS[random.below(SEEDS.length)] ?? Buffer.alloc(0)
  for (let edits = random.below(4); edits > 0; edits--) {
    const at = random.below(bytes.length + 1)
    const spice = Buffer.from(SPICES[random.below(SPICES.length)] ?? '', 'latin1')
    bytes = Buffer.concat([bytes.subarray(0, at), spice, bytes.subarray(at + random.below(4))])
  }
  return bytes
}

function parse(parser: Http1Parser, input: Buffer, isWhole: boolean, random: Random): string {
  const read = new Uint8Array(input.length)
  let result: number = PARSE.more
  for (let at = 0; at < input.length && result === PARSE.more; ) {
    const end = isWhole ? input.length : Math.min(input.length, at + 1 + random.below(24))
    read.fill(0x35)
    read.set(input.subarray(at, end), at)
    result = parser.feed(read, at, end)
    at = end
  }
  if (result === PARSE.more) result = parser.finish()
  const isWithinLimits =
    parser.bodyEnd - parser.bodyStart <= LIMITS.maxBodyBytes && parser.bodyEnd <= parser.body.length
  const isExplained = (parser.failure === '') === (result === PARSE.done)
  // Not one `expect` each: 200,000 of them would take longer than the parsing.
  if (!isWithinLimits || !isExplained)
    expect.fail(`limits or reason missing: ${JSON.stringify(input.toString('latin1'))}`)
  const body = Buffer.from(
    parser.body.buffer,
    parser.body.byteOffset + parser.bodyStart,
    parser.bodyEnd - parser.bodyStart,
  )
  const answer =
    result === PARSE.done
      ? `${parser.status} ${parser.keepsAlive} ${parser.wireBytes} ${body.toString('hex')}`
      : 'refused'
  parser.reset()
  return answer
}

it('judges mutated answers alike whole and in pieces, and never throws', () => {
  const random = seededRandom(7, 'http1 fuzz')
  const parser = new Http1Parser(LIMITS)
  let accepted = 0
  for (let input = 0; input < INPUTS; input++) {
    const bytes = hostile(random)
    const whole = parse(parser, bytes, true, random)
    if (parse(parser, bytes, false, random) !== whole)
      expect.fail(`judged two ways: ${JSON.stringify(bytes.toString('latin1'))}`)
    if (whole !== 'refused') accepted++
  }
  expect(accepted).toBeGreaterThan(INPUTS / 10)
  expect(accepted).toBeLessThan((INPUTS * 9) / 10)
})
