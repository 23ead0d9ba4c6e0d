// gRPC servers that flood, overflow and hang up: each request ends, memory and processor time stay small, the lanes go on.
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { FLAG, FRAME, frame, numberFrame, SETTING, settingsFrame } from '../protocol/http2-frames.ts'
import { type TestClient, testClient } from './grpc-test-client.ts'
import { answer, data, grpcData, HEADERS_BLOCK, headers } from './grpc-test-server.ts'
import { flood, type GrpcConduct, grpcServer, memoryGrowth, repeated, tcpServer } from './hostile-test-server.ts'
import { deadPort } from './http-test-client.ts'
import { countConnects } from './test-loop.ts'

const OFFERED_BYTES = 400e6
const BOUND_BYTES = 64e6
const TIMEOUT_MS = 60

const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function client(...args: Parameters<typeof testClient>): TestClient {
  const made = testClient(...args)
  closers.push(() => made.transport.close())
  return made
}

async function expectAllClosed(sockets: readonly Socket[]): Promise<void> {
  await expect.poll(() => sockets.every((socket) => socket.closed || socket.destroyed)).toBe(true)
}

const none = new Uint8Array(0)
const ping = frame(FRAME.ping, 0, 0, new Uint8Array(8))
const goAway = (lastStreamId: number) => frame(FRAME.goAway, 0, 0, Buffer.of(...uint32(lastStreamId), 0, 0, 0, 0))
const uint32 = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
/** A field `a` whose value has so many bytes, at least 127 of them; 0x40 adds it to the table. */
const literal = (pattern: number, length: number) => {
  const rest = length - 127
  return Buffer.concat([Buffer.of(pattern, 1, 97, 127, 128 | (rest & 127), rest >> 7), Buffer.alloc(length, 98)])
}
const paddedData = (streamId: number) => data(streamId, Buffer.concat([Buffer.of(255), Buffer.alloc(255)]), FLAG.padded)
const interim = (streamId: number) => headers(streamId, Buffer.concat([Buffer.of(8, 3), Buffer.from('103')]))

/** Floods the second request of its first connection, and answers all others, amid the flood. */
const floodingServer = (start: (streamId: number) => Uint8Array, piece: (streamId: number) => Uint8Array) =>
  grpcServer({
    onRequest(socket, streamId, connection) {
      if (connection > 1 || streamId !== 3) return void socket.write(answer(streamId))
      socket.write(start(3))
      flood(socket, repeated(piece(3)), OFFERED_BYTES)
    },
  })

/** What the flooded request is reported as. */
async function outcomeOfFlood({ ask, transport }: TestClient): Promise<string> {
  expect((await ask(0)).outcome).toBe('ok')
  let outcome = ''
  const grownBytes = await memoryGrowth(async () => {
    setTimeout(() => transport.abandon(0, 'timeout'), TIMEOUT_MS)
    outcome = (await ask(0)).outcome
  })
  expect(grownBytes).toBeLessThan(BOUND_BYTES)
  return outcome
}

const nothing = () => none
const everyWindow = Buffer.concat([0, 65_535].map((size) => settingsFrame([[SETTING.initialWindowSize, size]])))

it.each([
  ['empty DATA', headers, (id: number) => data(id, none)],
  ['DATA of padding alone', headers, paddedData],
  ['interim answers', nothing, interim],
  ['PRIORITY', nothing, (id: number) => frame(FRAME.priority, 0, id, Buffer.alloc(5))],
  ['frames of unknown types', nothing, (id: number) => frame(0xfa, 0, id, none)],
  ['RST_STREAM of a stream that is over', nothing, () => numberFrame(FRAME.resetStream, 1, 8)],
])('a flood of %s is ended by the timeout, and the connection goes on', async (_, start, piece) => {
  const server = await floodingServer(start, piece)
  const flooded = client(server.port)
  expect(await outcomeOfFlood(flooded)).toBe('timeout')
  expect((await flooded.ask(0)).outcome).toBe('ok')
  await flooded.transport.close()
  await expectAllClosed(server.sockets)
  expect([flooded.reports.length, server.sockets.length]).toEqual([3, 1])
})

it.each([
  ['SETTINGS', () => settingsFrame([])],
  ['SETTINGS that close and open all windows', () => everyWindow],
  ['PING', () => ping],
])('a flood of %s, which is replied to, is ended by the timeout, or as what it is', async (_, piece) => {
  const server = await floodingServer(nothing, piece)
  const flooded = client(server.port)
  // As what it is where the server reads too few of the replies.
  expect(['timeout', 'bad-response']).toContain(await outcomeOfFlood(flooded))
  const { outcome, text } = await flooded.ask(0)
  if (outcome !== 'ok') {
    expect(text).toBe('HTTP/2 ENHANCE_YOUR_CALM: a flood of PING or SETTINGS')
    expect((await flooded.ask(0)).outcome).toBe('ok')
  }
  await flooded.transport.close()
  await expectAllClosed(server.sockets)
})

it('a flood of WINDOW_UPDATE costs no more for a thousand requests that wait than for one', async () => {
  const server = await grpcServer({ greeting: settingsFrame([[SETTING.initialWindowSize, 0]]), onRequest: () => {} })
  // The first request waits for its own window, which grows; those of the others do not.
  const updates = (id: number) =>
    Buffer.concat([numberFrame(FRAME.windowUpdate, id, 1), numberFrame(FRAME.windowUpdate, 0, 1)])
  const { ask, transport } = client(server.port, { lanes: 1000, bodies: [Buffer.alloc(60_000)] })
  await transport.open()
  const asked = Array.from({ length: 1000 }, (_, lane) => ask(lane))
  const startMs = performance.now()
  server.sockets[0]?.end(Buffer.concat(new Array(20_000).fill(updates(1))))
  for (const { outcome } of await Promise.all(asked)) expect(outcome).toBe('aborted')
  // Half a minute when each looks at all that wait; a tenth of a second when it does not.
  expect(performance.now() - startMs).toBeLessThan(3000)
})

describe('headers without end', () => {
  const endless = (id: number, piece: Uint8Array) => [
    headers(id, Buffer.of(0x88), 0),
    frame(FRAME.continuation, 0, id, piece),
  ]

  it.each([
    ['a block of empty pieces', none, 'ENHANCE_YOUR_CALM: headers that are too long'],
    ['a block of large pieces', Buffer.alloc(16_000, 0x88), 'ENHANCE_YOUR_CALM: headers that are too long'],
  ])('in %s end the connection and hold no memory', async (_, piece, text) => {
    const server = await grpcServer({
      onRequest(socket, streamId, connection) {
        if (connection > 1) return void socket.write(answer(streamId))
        const [first = none, next = none] = endless(streamId, piece)
        socket.write(first)
        flood(socket, repeated(next), OFFERED_BYTES)
      },
    })
    const { ask } = client(server.port)
    const grownBytes = await memoryGrowth(async () => {
      expect(await ask(0)).toMatchObject({ outcome: 'bad-response', text: `HTTP/2 ${text}` })
    })
    expect(grownBytes).toBeLessThan(BOUND_BYTES)
    expect((await ask(0)).outcome).toBe('ok')
  })

  it.each([
    ['a field of 4,000 bytes in the table', literal(0x40, 4000), 0xbe],
    ['a static field', none, 0x90],
  ])('that a few bytes stand for, by repeating %s, are refused before they are made', async (_, first, index) => {
    const block = Buffer.concat([first, Buffer.alloc(12_000, index)])
    const server = await grpcServer({
      acknowledges: false,
      onRequest: (socket, streamId) => void socket.write(headers(streamId, block)),
    })
    const { ask } = client(server.port)
    const grownBytes = await memoryGrowth(async () => {
      for (let round = 0; round < 6; round++) {
        const text = 'HTTP/2 COMPRESSION_ERROR: headers of over 65536 bytes'
        expect(await ask(0)).toMatchObject({ outcome: 'bad-response', text })
      }
    })
    expect(grownBytes).toBeLessThan(BOUND_BYTES)
  })

  it('are taken up to their limit', async () => {
    const server = await grpcServer({
      onRequest(socket, streamId) {
        socket.write(headers(streamId, HEADERS_BLOCK, 0))
        for (let piece = 0; piece < 4; piece++) {
          socket.write(frame(FRAME.continuation, piece === 3 ? FLAG.endHeaders : 0, streamId, literal(0, 15_232)))
        }
        socket.write(answer(streamId).subarray(headers(streamId).length))
      },
    })
    const { ask } = client(server.port)
    expect(await ask(0)).toMatchObject({ outcome: 'ok', body: 'answer' })
  })
})

it('a message without end is refused at its announced length', async () => {
  const server = await grpcServer({
    onRequest(socket, streamId) {
      socket.write(Buffer.concat([headers(streamId), data(streamId, grpcData('x'.repeat(9)).subarray(0, 5))]))
      flood(socket, repeated(data(streamId, Buffer.alloc(16_000))), OFFERED_BYTES)
    },
  })
  const { ask } = client(server.port)
  expect(await ask(0)).toMatchObject({ outcome: 'bad-response', text: 'the answer has more than one message' })
})

it('resets of every stream are counted one by one, on one connection', async () => {
  const server = await grpcServer({
    onRequest: (socket, streamId) => void socket.write(numberFrame(FRAME.resetStream, streamId, 7)),
  })
  const { ask, reports } = client(server.port, { lanes: 4 })
  const load = async (lane: number) => {
    for (let round = 0; round < 50; round++) expect(await ask(lane)).toMatchObject({ outcome: 'status', code: 14 })
  }
  await Promise.all([0, 1, 2, 3].map(load))
  expect([reports.length, server.sockets.length]).toEqual([200, 1])
})

describe('a server that hangs up on every connection is not called without a pause', () => {
  const conduct = (farewell: Uint8Array, ends: boolean): GrpcConduct => ({
    greeting: Buffer.concat([settingsFrame([]), farewell]),
    onRequest: (socket) => void (ends && socket.end()),
  })

  it.each([
    ['by GOAWAY at once', () => grpcServer(conduct(goAway(0), false))],
    [
      'by GOAWAY at once, with no stream allowed',
      () => grpcServer(conduct(Buffer.concat([settingsFrame([[SETTING.maxConcurrentStreams, 0]]), goAway(0)]), false)),
    ],
    ['by GOAWAY that lets the request end, and no answer', () => grpcServer(conduct(goAway(2 ** 31 - 1), true))],
    ['by closing at the first request', () => grpcServer(conduct(none, true))],
    ['by closing after SETTINGS', () => tcpServer((socket) => void socket.resume().end(settingsFrame([])))],
    ['by closing at once', () => tcpServer((socket) => void socket.destroy())],
  ])('%s', async (_, serve) => {
    const server = await serve()
    const { ask, transport } = client(server.port, { lanes: 4 })
    const connects = countConnects()
    const endMs = performance.now() + 200
    setTimeout(() => {
      for (let lane = 0; lane < 4; lane++) transport.abandon(lane, 'timeout')
    }, 200)
    const load = async (lane: number) => {
      while (performance.now() < endMs) expect((await ask(lane)).outcome).not.toBe('ok')
    }
    await Promise.all([0, 1, 2, 3].map(load))
    expect(connects()).toBeGreaterThan(3)
    expect(connects()).toBeLessThan(20)
    await transport.close()
    await expectAllClosed(server.sockets)
  })
})

it('a closed port is tried a few times in half a second, however fast the lanes ask again', async () => {
  const { ask, transport, reports } = client(await deadPort(), { lanes: 4 })
  const connects = countConnects()
  const endMs = performance.now() + 500
  const load = async (lane: number) => {
    while (performance.now() < endMs) expect((await ask(lane)).outcome).toBe('connect')
  }
  await Promise.all([0, 1, 2, 3].map(load))
  // 1 + 2 + 4 + … + 64 ms, then every 100 ms.
  expect(connects()).toBeGreaterThan(5)
  expect(connects()).toBeLessThan(20)
  await transport.close()
  expect(reports.length).toBeLessThanOrEqual(4 * connects())
})
