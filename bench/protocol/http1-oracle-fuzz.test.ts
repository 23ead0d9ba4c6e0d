// Node's own HTTP as the oracle: what its server writes we read alike, and what its client takes we take or refuse for a
// reason.
import { createServer, request, type ServerResponse } from 'node:http'
import { duplexPair } from 'node:stream'
import { expect, it } from 'vitest'
import { type Random, seededRandom } from '../core/random.ts'
import { parseHttp1 } from '../fuzz/fuzz-http1.ts'
import { GuardedReads } from '../fuzz/guarded-reads.ts'
import { http1Case } from '../fuzz/http1-cases.ts'
import { randomCuts } from '../fuzz/mutate.ts'
import { Http1Parser } from './http1-parser.ts'

const reader = { parser: new Http1Parser(), reads: new GuardedReads(0x37, 256 * 1024) }

interface Written {
  readonly status: number
  readonly body: Buffer
  readonly headerLength: number
  readonly closes: boolean
}

/** A random answer, written to `response`. */
function answer(response: ServerResponse, random: Random): Written {
  const status = [200, 200, 200, 201, 204, 304, 400, 404, 500, 503][random.below(10)] ?? 200
  const body = Buffer.from(Array.from({ length: random.below(3) * random.below(400) }, () => random.below(256)))
  const headerLength = random.below(3) === 0 ? random.below(1000) : -1
  const closes = random.below(4) === 0
  if (random.below(6) === 0) response.writeContinue()
  if (random.below(6) === 0) response.writeEarlyHints({ link: '</x>; rel=preload' })
  response.statusCode = status
  response.statusMessage = ['', 'Fine', 'Nicht gefunden \xe4'][random.below(3)] ?? ''
  for (let count = random.below(5); count > 0; count--) {
    response.setHeader(`X-Random-${count}`, ` ${String.fromCharCode(33 + random.below(90))}`.repeat(random.below(40)))
  }
  if (headerLength >= 0) response.setHeader('Inference-Header-Content-Length', headerLength)
  if (closes) response.setHeader('Connection', 'close')
  if (random.below(2) === 0) response.setHeader('Content-Length', body.length)
  for (let at = 0; at < body.length; ) {
    const length = 1 + random.below(300)
    response.write(body.subarray(at, at + length))
    at += length
  }
  response.end()
  return { status, body: status === 204 || status === 304 ? Buffer.alloc(0) : body, headerLength, closes }
}

it('reads what node:http writes: status, body, lengths and whether the connection stays', async () => {
  const random = seededRandom(3, 'node:http answers')
  const written: Written[] = []
  const server = createServer((_, response) => void written.push(answer(response, random)))
  for (let round = 0; round < 300; round++) {
    const [client, wire] = duplexPair()
    server.emit('connection', wire)
    const chunks: Buffer[] = []
    client.on('data', (chunk) => void chunks.push(chunk))
    client.end('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await new Promise((resolve) => client.on('end', resolve))
    const bytes = Buffer.concat(chunks)
    const { text } = parseHttp1(reader, { bytes, closes: true }, randomCuts(bytes.length, random))
    const { status, body, headerLength, closes } = written[round] ?? expect.fail('nothing was asked')
    expect(text).toBe(`1 ${status} ${!closes} ${headerLength} ${bytes.length} ${body.toString('latin1')}`)
  }
})

/** What node:http's client makes of an answer after which the server closes: `status body`, or why it refuses it. */
function nodeReads(bytes: Uint8Array): Promise<{ readonly text: string | null; readonly reason: string }> {
  const [client, wire] = duplexPair()
  return new Promise((resolve) => {
    const refuse = (reason: string) => resolve({ text: null, reason })
    const asked = request({ createConnection: () => client, method: 'POST' })
    asked.on('error', (error: NodeJS.ErrnoException & { reason?: string }) => refuse(`${error.code} ${error.reason}`))
    asked.on('upgrade', () => refuse('upgrade'))
    asked.on('response', (response) => {
      let body = ''
      response.setEncoding('latin1')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('error', (error: NodeJS.ErrnoException) => refuse(`${error.code}`))
      response.on('end', () => resolve({ text: `${response.statusCode} ${body}`, reason: '' }))
    })
    asked.end()
    wire.end(bytes)
  })
}

/** Where we are stricter than Node's client, as the parser's tests say one by one. */
const STRICTER = /switched to another protocol|transfer-encoding|bad inference-header-content-length/
/** Where we are not: in what is skipped. Extensions of chunks, values that nobody reads, and a length said twice. */
const LENIENT =
  /INVALID_CHUNK_SIZE|chunk extensions|chunk size|LF after CR|LF after header value|header value char|Duplicate Content-Length|CLOSED_CONNECTION/

it('agrees with node:http’s client on fuzzed answers, or is stricter in known ways, and lenient in what it skips', async () => {
  const counts = { alike: 0, refusedByBoth: 0, stricter: 0, lenient: 0 }
  for (let number = 0; number < 700; number++) {
    for (const { bytes } of http1Case(4, number)) {
      const { text, failure } = parseHttp1(reader, { bytes, closes: true }, [])
      const [, status, , , wireBytes, ...body] = text.split(' ')
      // What lies after an answer is another matter: the connection is not used again.
      const { text: nodeText, reason } = await nodeReads(failure === '' ? bytes.subarray(0, Number(wireBytes)) : bytes)
      const shown = () => JSON.stringify(Buffer.from(bytes).toString('latin1'))
      if (nodeText === null && failure !== '') counts.refusedByBoth++
      else if (nodeText === null) {
        expect(reason, shown()).toMatch(LENIENT)
        counts.lenient++
      } else if (failure !== '') {
        expect(failure, shown()).toMatch(STRICTER)
        counts.stricter++
      } else {
        expect(`${status} ${body.join(' ')}`, shown()).toBe(nodeText)
        counts.alike++
      }
    }
  }
  expect(counts.alike).toBeGreaterThan(500)
  expect(counts.refusedByBoth).toBeGreaterThan(300)
})
