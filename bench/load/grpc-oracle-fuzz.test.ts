// Node's own HTTP/2 server as the oracle: whatever headers, trailers, pieces and padding it writes, answers are read right.
import { constants, createServer, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { type Random, seededRandom } from '../core/random.ts'
import { testClient } from './grpc-test-client.ts'
import { grpcData } from './grpc-test-server.ts'
import type { Outcome } from './request-columns.ts'

/** Node has it, its types do not. */
const PADDING_STRATEGY_ALIGNED = 1
const LANES = 4
const ROUNDS = 25

interface Written {
  readonly outcome: Outcome
  readonly code: number
  readonly body: string | null
}

function randomText(random: Random, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(33 + random.below(94))).join('')
}

function randomHeaders(random: Random): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {}
  for (let count = random.below(6); count > 0; count--) {
    // Now and then longer than a frame, so that CONTINUATION is needed.
    const length = random.below(random.below(20) === 0 ? 20_000 : 60)
    headers[`x-${count}-${random.below(30)}`] = randomText(random, length)
  }
  return headers
}

/** A random answer of a gRPC server, written to `stream`. */
function answer(stream: ServerHttp2Stream, random: Random): Written {
  const headers = { ':status': 200, 'content-type': 'application/grpc', ...randomHeaders(random) }
  const code = random.below(4) === 0 ? 1 + random.below(16) : 0
  // DEADLINE_EXCEEDED is a timeout, whoever was the first to lose patience.
  const failure = code === 4 ? 'timeout' : 'status'
  const trailers = { 'grpc-status': String(code), ...randomHeaders(random) }
  if (random.below(8) === 0) {
    stream.respond({ ...headers, ...trailers }, { endStream: true })
    // No message, and yet no error: that is no answer.
    return { outcome: code === 0 ? 'bad-response' : failure, code, body: null }
  }
  if (random.below(6) === 0) stream.additionalHeaders({ ':status': 103, link: '</x>' })
  const text = randomText(random, random.below([10, 100, 1000, 40_000][random.below(4)] ?? 1))
  const message = grpcData(text)
  stream.respond(headers, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  for (let at = 0; at < message.length; ) {
    const length = random.below(random.below(2) === 0 ? 8 : 9000)
    stream.write(message.subarray(at, at + length))
    at += length
  }
  stream.end()
  return { outcome: code === 0 ? 'ok' : failure, code, body: code === 0 ? text : null }
}

it.each([
  ['no padding', constants.PADDING_STRATEGY_NONE],
  ['the most padding', constants.PADDING_STRATEGY_MAX],
  ['padding to multiples of 8 bytes', PADDING_STRATEGY_ALIGNED],
])('reads the random answers of node:http2 with %s', async (name, paddingStrategy) => {
  const random = seededRandom(5, name)
  const written: Written[] = []
  const server = createServer({ paddingStrategy })
  server.on('stream', (stream) => {
    stream.on('error', () => stream.destroy())
    if (random.below(10) === 0) stream.session?.ping(() => {})
    if (random.below(20) === 0) stream.session?.settings({ initialWindowSize: 1000 + random.below(100_000) })
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => void chunks.push(chunk))
    // A request says its lane in its last byte.
    stream.on('end', () => {
      written[Buffer.concat(chunks).at(-1) ?? 0] = answer(stream, random)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const lanes = Array.from({ length: LANES }, (_, lane) => lane)
  const bodies = lanes.map((lane) => Buffer.of(lane))
  const { ask, transport } = testClient((server.address() as AddressInfo).port, { lanes: LANES, bodies })
  onTestFinished(async () => {
    await transport.close()
    server.close()
  })
  for (let round = 0; round < ROUNDS; round++) {
    for (const [lane, read] of (await Promise.all(lanes.map((lane) => ask(lane, lane)))).entries()) {
      expect(read).toMatchObject(written[lane] ?? expect.fail('nothing was asked'))
    }
  }
})
