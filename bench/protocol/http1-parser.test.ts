// Answers come out the same however the reads cut them; ill-formed ones are refused with the reason.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Http1Parser, PARSE } from './http1-parser.ts'

const LIMITS = { maxHeadBytes: 512, maxBodyBytes: 1000 }

/** Feeds the pieces one after the other from a buffer that is overwritten in between, as a transport's is. */
function parse(text: string, cuts: readonly number[] = [], closes = false, parser = new Http1Parser(LIMITS)) {
  const bytes = Buffer.from(text, 'latin1')
  const read = new Uint8Array(bytes.length + 8)
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length]
  let result: number = PARSE.more
  for (const [index, start] of edges.slice(0, -1).entries()) {
    const piece = bytes.subarray(start, edges[index + 1])
    read.fill(0x7a)
    read.set(piece, 3)
    if (result === PARSE.more) result = parser.feed(read, 3, 3 + piece.length)
  }
  if (result === PARSE.more && closes) result = parser.finish()
  const { status, keepsAlive, inferenceHeaderLength, wireBytes, failure } = parser
  const body = Buffer.from(parser.body.subarray(parser.bodyStart, parser.bodyEnd)).toString('latin1')
  return { result, status, body, keepsAlive, inferenceHeaderLength, wireBytes, failure }
}

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`

/** What it is, the bytes, whether the server then closes, the status, the body, whether the connection stays. */
const ANSWERS: readonly [string, string, boolean, number, string, boolean][] = [
  ['a body of known length', `${OK}Content-Length: 5\r\n\r\nhello`, false, 200, 'hello', true],
  ['blanks and case', `${OK}Server: x\r\nCONTENT-length: \t 5 \r\nX-Empty:\r\n\r\nhello`, false, 200, 'hello', true],
  ['the same length twice', `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi`, false, 200, 'hi', true],
  ['an empty body', `${OK}Content-Length: 0\r\n\r\n`, false, 200, '', true],
  ['no reason phrase', 'HTTP/1.1 503\r\nContent-Length: 1\r\n\r\nx', false, 503, 'x', true],
  ['chunks', `${CHUNKED}5\r\nhello\r\n00006\r\n world\r\n0\r\n\r\n`, false, 200, 'hello world', true],
  ['chunks with extensions', `${CHUNKED}5 ;a="b;c"\r\nhello\r\n1;x\r\n!\r\n0;last\r\n\r\n`, false, 200, 'hello!', true],
  [
    'chunks with trailers',
    `${CHUNKED}A\r\n0123456789\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n`,
    false,
    200,
    '0123456789',
    true,
  ],
  ['no chunks', `${CHUNKED}0\r\n\r\n`, false, 200, '', true],
  ['204', 'HTTP/1.1 204 No Content\r\n\r\n', false, 204, '', true],
  ['304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 99999\r\n\r\n', false, 304, '', true],
  [
    'interim answers',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 9\r\n\r\n${OK}Content-Length: 1\r\n\r\nx`,
    false,
    200,
    'x',
    true,
  ],
  ['connection: close', `${OK}Connection: x, Close\r\nContent-Length: 1\r\n\r\nx`, false, 200, 'x', false],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx', false, 200, 'x', false],
  [
    'HTTP/1.0 keep-alive',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx',
    false,
    200,
    'x',
    true,
  ],
  ['a body until the end', `${OK}Content-Type: text/plain\r\n\r\nall of it`, true, 200, 'all of it', false],
  ['an empty body until the end', `${OK}\r\n`, true, 200, '', false],
]

it.each(ANSWERS)(
  'reads %s, whole, byte by byte and cut in two anywhere',
  (_, text, closes, status, body, keepsAlive) => {
    const whole = parse(text, [], closes)
    expect(whole).toMatchObject({ result: PARSE.done, status, body, keepsAlive, wireBytes: text.length, failure: '' })
    const everywhere = Array.from({ length: text.length }, (_, index) => index)
    expect(parse(text, everywhere, closes)).toEqual(whole)
    for (const cut of everywhere) expect(parse(text, [cut], closes)).toEqual(whole)
  },
)

it('reads any answers one after the other, cut anywhere, on one connection', () => {
  const kept = ANSWERS.filter(([, , , , , keepsAlive]) => keepsAlive)
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...kept), { maxLength: 4 }),
      fc.array(fc.nat(300), { maxLength: 6 }),
      (answers, cuts) => {
        const parser = new Http1Parser(LIMITS)
        for (const [, text, closes, status, body] of answers) {
          const inside = cuts.map((cut) => cut % text.length)
          expect(parse(text, inside, closes, parser)).toMatchObject({
            result: PARSE.done,
            status,
            body,
            wireBytes: text.length,
          })
          parser.reset()
        }
      },
    ),
  )
})

it.each([
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n', 'begins with "SSH-2.0-OpenSSH"'],
  ['HTTP/2', 'HTTP/2 200 OK\r\n', 'no HTTP/1.1 status line'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n', 'no HTTP/1.1 status line'],
  ['a status below 100', 'HTTP/1.1 099 OK\r\n', 'no HTTP/1.1 status line'],
  ['a bare line feed', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n', 'without a carriage return'],
  ['an empty first line', '\r\nHTTP/1.1 200 OK\r\n', 'begins with ""'],
  ['a header without a colon', `${OK}Content-Length\r\n`, 'bad header line "Content-Length"'],
  ['a space before the colon', `${OK}Content-Length : 5\r\n`, 'bad header line'],
  ['a folded line', `${OK}X: 1\r\n 2\r\n`, 'bad header line " 2"'],
  ['a negative length', `${OK}Content-Length: -1\r\n`, 'bad content-length "-1"'],
  ['a length that is a list', `${OK}Content-Length: 5, 5\r\n`, 'bad content-length "5, 5"'],
  ['an empty length', `${OK}Content-Length:\r\n`, 'bad content-length ""'],
  ['an endless length', `${OK}Content-Length: ${'9'.repeat(30)}\r\n`, 'bad content-length'],
  ['two lengths', `${OK}Content-Length: 5\r\nContent-Length: 6\r\n`, 'conflicting content-length: 5 and 6'],
  ['a length and chunks', `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`, 'both content-length'],
  ['an unknown coding', `${OK}Transfer-Encoding: gzip, chunked\r\n`, 'unsupported transfer-encoding "gzip, chunked"'],
  ['chunks within chunks', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n`, 'unsupported'],
  ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'HTTP/1.0'],
  ['another protocol', 'HTTP/1.1 101 Switching\r\n\r\n', 'switched to another protocol'],
  [
    'a bad inference length',
    `${OK}Inference-Header-Content-Length: 1x\r\n`,
    'bad inference-header-content-length "1x"',
  ],
  [
    'a body beyond the limit',
    `${OK}Content-Length: 1001\r\n\r\n`,
    'the body has at least 1001 bytes, the limit is 1000',
  ],
  ['a chunk size that is none', `${CHUNKED}zz\r\n`, 'bad chunk size "zz"'],
  ['a chunk size with a sign', `${CHUNKED}-5\r\n`, 'bad chunk size'],
  ['an empty chunk size', `${CHUNKED}\r\n`, 'bad chunk size ""'],
  ['a chunk size with a tail', `${CHUNKED}5 5\r\n`, 'bad chunk size'],
  ['a huge chunk', `${CHUNKED}${'f'.repeat(300)}\r\n`, 'at least Infinity bytes'],
  ['chunks that add up beyond the limit', `${CHUNKED}1f4\r\n${'x'.repeat(500)}\r\n1f5\r\n`, 'at least 1001 bytes'],
  ['a chunk longer than it says', `${CHUNKED}2\r\nabc\r\n`, 'longer than its size says'],
  ['an endless header', `${OK}X: ${'x'.repeat(600)}`, 'larger than 512 bytes'],
  ['endless headers', OK + 'X: 1\r\n'.repeat(100), 'larger than 512 bytes'],
  ['endless interim answers', 'HTTP/1.1 100 C\r\n\r\n'.repeat(50), 'larger than 512 bytes'],
  ['an endless extension', `${CHUNKED}1;${'x'.repeat(600)}`, 'larger than 512 bytes'],
  ['an answer in the place of trailers', `${CHUNKED}0\r\n${OK}\r\n`, 'bad trailer line "HTTP/1.1 200 OK"'],
  ['endless trailers', `${CHUNKED}0\r\n${'X: 1\r\n'.repeat(100)}`, 'larger than 512 bytes'],
  ['an endless body', `${OK}\r\n${'x'.repeat(1001)}`, 'the limit is 1000'],
])('refuses %s, however it is cut', (_, text, reason) => {
  const everywhere = Array.from({ length: text.length }, (_, index) => index)
  for (const cuts of [[], everywhere, [text.length >> 1]]) {
    const { result, failure, keepsAlive } = parse(text, cuts)
    expect([result, keepsAlive]).toEqual([PARSE.failed, false])
    expect(failure).toContain(reason)
  }
})

it.each([
  ['', 'closed the connection without an answer'],
  ['HTTP/1.1 200', 'closed the connection within the head'],
  [`${OK}Content-Length: 5\r\n\r\nhel`, 'closed the connection after 3 of 5 body bytes'],
  [`${CHUNKED}5\r\nhel`, 'closed the connection after 3 body bytes'],
  [`${CHUNKED}3\r\nhel\r\n0\r\n`, 'closed the connection after 3 body bytes'],
])('takes %j followed by a close for an answer cut short', (text, reason) => {
  expect(parse(text, [], true)).toMatchObject({ result: PARSE.failed, failure: expect.stringContaining(reason) })
})

it('hands a whole answer over in place, and says what follows it', () => {
  const bytes = Buffer.from(`__${OK}Inference-Header-Content-Length: 2\r\nContent-Length: 5\r\n\r\nhelloHTTP`)
  const parser = new Http1Parser()
  expect(parser.feed(bytes, 2, bytes.length)).toBe(PARSE.done)
  expect(parser.body).toBe(bytes)
  expect([parser.bodyStart, parser.bodyEnd]).toEqual([bytes.length - 9, bytes.length - 4])
  expect([parser.leftoverBytes, parser.wireBytes, parser.inferenceHeaderLength]).toEqual([4, bytes.length - 6, 2])
  expect([parser.feed(bytes, 0, 3), parser.leftoverBytes]).toEqual([PARSE.done, 3])
  parser.reset()
  expect([parser.status, parser.inferenceHeaderLength, parser.wireBytes, parser.leftoverBytes]).toEqual([0, -1, 0, 0])
})

it('reads one answer after the other as a new parser would read each, however alike their heads are', () => {
  const heads = [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n',
    'HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 500000\r\n\r\n',
    'HTTP/1.1 2x0 OK\r\n\r\n',
  ]
  const bodies = ['hello', '5\r\nhello\r\n0\r\n\r\n', '', 'hell']
  const answer = fc.tuple(fc.constantFrom(...heads), fc.constantFrom(...bodies)).map((parts) => parts.join(''))
  const cuts = fc.array(fc.nat(80), { maxLength: 3 })
  fc.assert(
    fc.property(fc.array(fc.tuple(answer, cuts), { minLength: 2, maxLength: 6 }), (answers) => {
      const reused = new Http1Parser(LIMITS)
      for (const [text, at] of answers) {
        const inside = at.filter((cut) => cut < text.length)
        reused.reset()
        expect(parse(text, inside, true, reused)).toEqual(parse(text, inside, true))
      }
    }),
    { numRuns: 500 },
  )
})
