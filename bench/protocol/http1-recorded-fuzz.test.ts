// Answers as real servers write them, cut in two at every place and in many at random: each read gives the same answer.
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { seededRandom } from '../core/random.ts'
import { type Http1Reader, parseHttp1 } from '../fuzz/fuzz-http1.ts'
import { GuardedReads } from '../fuzz/guarded-reads.ts'
import { randomCuts } from '../fuzz/mutate.ts'
import { Http1Parser } from './http1-parser.ts'

const LARGE = 100_000
/** Of longer answers, only places this near to an end or to a multiple of 16 KiB are all tried. */
const NEAR_BYTES = 400
const RANDOM_CUTS = 150

const body = (length: number) => Buffer.alloc(length, '{"outputs":[0.25,-1e3]}\r\n0\r\n\r\n')

/** Written by node:http, by name. */
const HANDLERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'a body of known length': (r) => r.setHeader('inference-header-content-length', 7).end(body(300)),
  'chunks and trailers': (r) => {
    r.writeHead(200, { trailer: 'x-sum' })
    for (let length = 1; length < 200; length += 50) r.write(body(length))
    r.addTrailers({ 'x-sum': '1' })
    r.end()
  },
  'no content': (r) => r.writeHead(204).end(),
  'not modified': (r) => r.writeHead(304, { etag: '"x"' }).end(),
  'interim answers': (r) => {
    r.writeContinue()
    r.writeEarlyHints({ link: '</a>; rel=preload' })
    r.end(body(50))
  },
  'a body until the end': (r) => {
    r.useChunkedEncodingByDefault = false
    r.write(body(100))
    r.end(body(100))
  },
  'an error that closes': (r) => r.writeHead(503, { connection: 'close' }).end('{"error":"no model"}'),
  'a large body': (r) => r.end(body(LARGE)),
  'large chunks': (r) => {
    for (let count = 0; count < 4; count++) r.write(body(LARGE / 4))
    r.end()
  },
}

/** As other servers write them. */
const WRITTEN: Readonly<Record<string, string>> = {
  'HTTP/1.0': 'HTTP/1.0 200 OK\r\nServer: BaseHTTP/0.6 Python/3.11.2\r\nDate: x\r\n\r\n{"prediction": [[0.5]]}',
  'HTTP/1.0 kept alive': 'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\n{}',
  'chunk extensions':
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0004;ieof\r\nabcd\r\n1 ;a="b"\r\n!\r\n0;x\r\nX: 1\r\nY: 2\r\n\r\n',
}

const recorded = new Map<string, Buffer>(
  Object.entries(WRITTEN).map(([name, text]) => [name, Buffer.from(text, 'latin1')]),
)
const server = createServer((request, response) => HANDLERS[decodeURIComponent(request.url ?? '').slice(1)]?.(response))

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  for (const name of Object.keys(HANDLERS)) recorded.set(name, await record(name))
})
afterAll(() => void server.close())

/** All bytes of the server up to the end of the connection. */
function record(name: string): Promise<Buffer> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  // Half closed: the server answers as to anyone, then closes.
  socket.end(`GET /${encodeURIComponent(name)} HTTP/1.1\r\nhost: x\r\n\r\n`)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => void chunks.push(chunk))
  return new Promise((resolve) => socket.on('close', () => resolve(Buffer.concat(chunks))))
}

it.each([...Object.keys(HANDLERS), ...Object.keys(WRITTEN)])('reads %s alike wherever it is cut', (name) => {
  const bytes = recorded.get(name) ?? Buffer.alloc(0)
  const script = { bytes, closes: true }
  const readers = ([0x0d, 'stale'] as const).map(
    (around): Http1Reader => ({ parser: new Http1Parser(), reads: new GuardedReads(around, bytes.length, 3) }),
  )
  const [first, second] = readers as [Http1Reader, Http1Reader]
  const whole = parseHttp1(first, script, [])
  expect([whole.failure, bytes.length > 20]).toEqual(['', true])
  const near = (cut: number) => Math.min(cut % 16_384, bytes.length - cut) < NEAR_BYTES
  for (let cut = 0; cut <= bytes.length; cut++) {
    if (!near(cut)) continue
    // Not one `expect` each: tens of thousands of them would take longer than the parsing.
    if (parseHttp1(cut % 2 === 0 ? first : second, script, [cut]).text !== whole.text) expect.fail(`cut at ${cut}`)
  }
  const random = seededRandom(11, name)
  for (let count = 0; count < RANDOM_CUTS; count++) {
    const cuts = randomCuts(bytes.length, random)
    expect(parseHttp1(count % 2 === 0 ? first : second, script, cuts).text === whole.text, cuts.join()).toBe(true)
  }
})
