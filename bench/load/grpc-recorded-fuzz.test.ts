// What real HTTP/2 servers said, cut in two at every place and in many at random: each read gives the same reports.
import { once } from 'node:events'
import { constants, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../core/random.ts'
import { type GrpcScript, replayGrpc } from '../fuzz/grpc-replay.ts'
import { GuardedReads } from '../fuzz/guarded-reads.ts'
import { randomCuts } from '../fuzz/mutate.ts'
import { requestBlocks } from '../protocol/hpack-encoder.ts'
import { Http2FrameReader } from '../protocol/http2-frame-reader.ts'
import { CLIENT_PREFACE, FLAG, FRAME, frame, settingsFrame } from '../protocol/http2-frames.ts'
import { data, grpcData } from './grpc-test-server.ts'

const RANDOM_CUTS = 100
/** Of longer records, a place in some is tried. */
const LONG_BYTES = 6000
const GRPC = { ':status': 200, 'content-type': 'application/grpc' } as const

function answer(stream: ServerHttp2Stream, pieces: readonly Uint8Array[], headers = {}, trailers = {}): void {
  stream.respond({ ...GRPC, ...headers }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', ...trailers }))
  for (const piece of pieces) stream.write(piece)
  stream.end()
}

interface Conduct {
  readonly paddingStrategy?: number
  /** 3 where absent. */
  readonly requests?: number
  /** Outcome and code of each report, in their order; all ok where absent. */
  readonly reports?: readonly string[]
  answer(stream: ServerHttp2Stream): void
}

const message = grpcData('an answer of some length')
const CONDUCTS: Readonly<Record<string, Conduct>> = {
  'plain answers': { answer: (stream) => answer(stream, [message]) },
  'answers in pieces': {
    answer: (stream) =>
      answer(
        stream,
        [...message].map((byte) => Buffer.of(byte)),
      ),
  },
  'padded answers': {
    paddingStrategy: constants.PADDING_STRATEGY_MAX,
    requests: 1,
    answer: (stream) => answer(stream, [message.subarray(0, 7), message.subarray(7)], { 'x-a': 'b' }),
  },
  // Each stream adds to the header table, which the next one refers to.
  'headers out of the table': {
    answer: (stream) => answer(stream, [message], { 'x-one': 'Huffman', 'x-two': '\x7e{}<>' }, { 'x-one': 'Huffman' }),
  },
  'headers of several frames': {
    answer: (stream) => answer(stream, [message], stream.id === 3 ? { 'x-long': '~'.repeat(17_000) } : {}),
  },
  'trailers alone': {
    reports: ['status 5', 'status 5', 'status 5'],
    answer: (stream) => stream.respond({ ...GRPC, 'grpc-status': '5' }, { endStream: true }),
  },
  'PING, SETTINGS and an interim answer in between': {
    answer(stream) {
      stream.session?.ping(() => {})
      stream.session?.settings({ initialWindowSize: 100_000 })
      stream.additionalHeaders({ ':status': 103 })
      answer(stream, [message])
    },
  },
  'a reset and a farewell': {
    reports: ['status 8', 'ok 0', 'ok 0'],
    answer(stream) {
      if (stream.id === 3) stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
      else answer(stream, [message])
      if (stream.id === 5) stream.session?.close()
    },
  },
}

/** All that a server says to the requests of a client that lets it have a header table; its ACK is left out. */
async function record(server: Http2Server, requests: number): Promise<Buffer> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const { literal } = requestBlocks([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', '/x/y'],
    [':authority', 'a'],
  ])
  socket.write(Buffer.concat([CLIENT_PREFACE, settingsFrame([])]))
  for (let id = 1; id < 2 * requests; id += 2) {
    socket.write(frame(FRAME.headers, FLAG.endHeaders, id, literal))
    socket.write(data(id, message, FLAG.endStream))
  }
  const kept: Uint8Array[] = []
  let ended = 0
  await new Promise<void>((resolve) => {
    const reader = new Http2FrameReader({
      onFrame(type, flags, id, payload, start, end) {
        const isAck = type === FRAME.settings && flags === FLAG.ack
        if (!isAck) kept.push(frame(type, flags, id, payload.slice(start, end)))
        const isEnd = (type === FRAME.headers || type === FRAME.data) && (flags & FLAG.endStream) !== 0
        if (isEnd || type === FRAME.resetStream) ended++
        // The last header block may go on in CONTINUATION; a turn later all is here.
        if (ended === requests) setImmediate(resolve)
        return true
      },
      onOversizedFrame: () => expect.fail('a frame is too long'),
    })
    socket.on('data', (bytes) => reader.push(bytes, 0, bytes.length))
  })
  socket.destroy()
  return Buffer.concat(kept)
}

const recorded = new Map<string, Buffer>()
const servers: Http2Server[] = []

beforeAll(async () => {
  for (const [name, conduct] of Object.entries(CONDUCTS)) {
    const server = createServer({ paddingStrategy: conduct.paddingStrategy ?? constants.PADDING_STRATEGY_NONE })
    servers.push(server)
    server.on('sessionError', () => {})
    server.on('stream', (stream) => {
      stream.on('error', () => {})
      stream.resume().on('end', () => conduct.answer(stream))
    })
    recorded.set(name, await record(server, conduct.requests ?? 3))
  }
})
afterAll(() => {
  for (const server of servers) server.close()
})

describe('reads alike wherever they are cut', () => {
  it.each(Object.keys(CONDUCTS))('%s', (name) => {
    const bytes = recorded.get(name) ?? Buffer.alloc(0)
    const requests = CONDUCTS[name]?.requests ?? 3
    const script: GrpcScript = {
      bytes,
      starts: [],
      isStreaming: false,
      lanes: requests,
      requests,
      body: 0,
      isBehind: false,
      cancelEvery: 0,
      closeAfter: 0,
      expected: null,
    }
    const reads = [new GuardedReads(0xff, bytes.length, 5), new GuardedReads('stale', bytes.length)] as const
    const whole = replayGrpc(script, reads[0], [])
    const outcomes = whole.reports.map((report) => report.split(' ').slice(0, 2).join(' '))
    expect(outcomes).toEqual(CONDUCTS[name]?.reports ?? new Array(requests).fill('ok 0'))
    for (let place = 0; place <= bytes.length; place += bytes.length > LONG_BYTES ? 1 + (place % 40) : 1) {
      const { text } = replayGrpc(script, reads[place % 2 === 0 ? 0 : 1], [place])
      if (text !== whole.text) expect.fail(`cut at ${place}: ${text}`)
    }
    const random = seededRandom(13, name)
    for (let count = 0; count < RANDOM_CUTS; count++) {
      const cuts = randomCuts(bytes.length, random)
      expect(replayGrpc(script, reads[1], cuts).text === whole.text, cuts.join()).toBe(true)
    }
  })
})
