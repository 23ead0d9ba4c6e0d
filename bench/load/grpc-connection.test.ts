// Connections that end: by GOAWAY, by dying, by breaking HTTP/2's rules, by floods and by noise. Every lane gets its report.
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { FLAG, FRAME, frame, numberFrame, SETTING, settingsFrame } from '../protocol/http2-frames.ts'
import { type TestClient, testClient } from './grpc-test-client.ts'
import {
  answer,
  data,
  GREETING,
  headers,
  isRequestEnd,
  type Script,
  scriptedServer,
  trailers,
} from './grpc-test-server.ts'

const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function client(...args: Parameters<typeof testClient>): TestClient {
  const made = testClient(...args)
  closers.push(() => made.transport.close())
  return made
}

async function serve(onFrame: Script['onFrame'], greeting = GREETING) {
  const server = await scriptedServer({ greeting, onFrame })
  closers.push(() => server.close())
  return server
}

function goAway(lastStreamId: number, debug = ''): Uint8Array {
  const payload = Buffer.alloc(8 + debug.length)
  payload.writeUInt32BE(lastStreamId)
  payload.writeUInt32BE(0xb, 4)
  payload.write(debug, 8)
  return frame(FRAME.goAway, 0, 0, payload)
}

it('fails the requests above the last stream of a GOAWAY, finishes the others and connects anew', async () => {
  const server = await serve((received, socket, connection) => {
    if (!isRequestEnd(received)) return
    if (connection === 2) socket.write(answer(received.streamId, 'new'))
    else if (received.streamId === 5) {
      socket.write(goAway(3, 'too_many_pings'))
      setTimeout(() => socket.write(Buffer.concat([answer(1, 'old'), answer(3, 'old')])), 5)
    }
  })
  const { ask } = client(server.port, { lanes: 3 })
  const both = Promise.all([ask(0), ask(1)])
  expect(await ask(2)).toMatchObject({
    outcome: 'aborted',
    text: 'the server said GOAWAY (ENHANCE_YOUR_CALM: too_many_pings)',
  })
  expect(await ask(2)).toMatchObject({ outcome: 'ok', body: 'new' })
  expect((await both).map(({ body }) => body)).toEqual(['old', 'old'])
})

it('reports a server that dies in the middle of an answer, and connects anew', async () => {
  const server = await serve((received, socket, connection) => {
    if (!isRequestEnd(received)) return
    if (connection > 1) socket.write(answer(received.streamId))
    else if (received.streamId === 3) socket.end(headers(1))
  })
  const { ask } = client(server.port, { lanes: 2 })
  for (const { outcome, text } of await Promise.all([ask(0), ask(1)])) {
    expect([outcome, text]).toEqual(['aborted', expect.stringMatching(/the connection ended/)])
  }
  expect((await Promise.all([ask(0), ask(1)])).map(({ outcome }) => outcome)).toEqual(['ok', 'ok'])
})

const short = (type: number, streamId = 0) => frame(type, 0, streamId, Uint8Array.of(1))

describe('a server that breaks the rules', () => {
  it.each([
    ['a frame that is too long', frame(FRAME.data, 0, 1, new Uint8Array(16_385)), 'FRAME_SIZE_ERROR', 6],
    ['SETTINGS of a wrong length', short(FRAME.settings), 'FRAME_SIZE_ERROR', 6],
    ['PING of a wrong length', short(FRAME.ping), 'FRAME_SIZE_ERROR', 6],
    ['GOAWAY of a wrong length', short(FRAME.goAway), 'FRAME_SIZE_ERROR', 6],
    ['RST_STREAM of a wrong length', short(FRAME.resetStream, 1), 'FRAME_SIZE_ERROR', 6],
    ['WINDOW_UPDATE of a wrong length', short(FRAME.windowUpdate), 'FRAME_SIZE_ERROR', 6],
    ['SETTINGS on a stream', frame(FRAME.settings, 0, 1, new Uint8Array(0)), 'PROTOCOL_ERROR', 1],
    ['a push', frame(FRAME.pushPromise, 4, 1, new Uint8Array(4)), 'PROTOCOL_ERROR', 1],
    ['push enabled', settingsFrame([[SETTING.enablePush, 1]]), 'PROTOCOL_ERROR', 1],
    ['a wrong maximum frame size', settingsFrame([[SETTING.maxFrameSize, 1]]), 'PROTOCOL_ERROR', 1],
    ['a window that is too large', settingsFrame([[SETTING.initialWindowSize, 2 ** 31]]), 'FLOW_CONTROL_ERROR', 3],
    ['a window that overflows', numberFrame(FRAME.windowUpdate, 0, 2 ** 31 - 1), 'FLOW_CONTROL_ERROR', 3],
    ['WINDOW_UPDATE of 0', numberFrame(FRAME.windowUpdate, 0, 0), 'PROTOCOL_ERROR', 1],
    ['DATA on stream 0', data(0, new Uint8Array(3)), 'PROTOCOL_ERROR', 1],
    ['HEADERS on a stream of its own', headers(2), 'PROTOCOL_ERROR', 1],
    ['an answer to a request to come', headers(99), 'PROTOCOL_ERROR', 1],
    ['CONTINUATION without HEADERS', frame(FRAME.continuation, 4, 1, new Uint8Array(0)), 'PROTOCOL_ERROR', 1],
    ['a frame in a header block', Buffer.concat([headers(1, Buffer.of(0x88), 0), trailers(1)]), 'PROTOCOL_ERROR', 1],
    ['padding longer than its frame', frame(FRAME.data, FLAG.padded, 1, Uint8Array.of(5, 1)), 'PROTOCOL_ERROR', 1],
    ['a wrong header block', headers(1, Buffer.of(0x80)), 'COMPRESSION_ERROR', 9],
    [
      'a flood of CONTINUATION',
      Buffer.concat([
        headers(1, Buffer.of(0x88), 0),
        ...new Array(200).fill(frame(FRAME.continuation, 0, 1, Buffer.of())),
      ]),
      'ENHANCE_YOUR_CALM',
      11,
    ],
  ])(
    'by %s is told so; all its requests fail, and the next ones have a new connection',
    async (_, bytes, name, code) => {
      const server = await serve((received, socket, connection) => {
        if (!isRequestEnd(received)) return
        if (connection > 1) socket.write(answer(received.streamId))
        else if (received.streamId === 3) socket.write(bytes)
      })
      const { ask } = client(server.port, { lanes: 2 })
      for (const { outcome, text } of await Promise.all([ask(0), ask(1)])) {
        expect([outcome, text]).toEqual(['bad-response', expect.stringContaining(`HTTP/2 ${name}: `)])
      }
      expect((await ask(0)).outcome).toBe('ok')
      const farewell = server.frames.find(({ type }) => type === FRAME.goAway)
      expect(farewell?.payload.readUInt32BE(4)).toBe(code)
    },
  )

  it('has to begin with SETTINGS', async () => {
    const server = await serve(() => undefined, frame(FRAME.ping, 0, 0, new Uint8Array(8)))
    const { ask } = client(server.port)
    expect((await ask(0)).text).toBe('HTTP/2 PROTOCOL_ERROR: the server does not begin with SETTINGS')
  })

  it('cannot make it queue replies without end', async () => {
    const ping = frame(FRAME.ping, 0, 0, new Uint8Array(8))
    const flood = Buffer.concat(new Array(200_000).fill(ping))
    const server = await serve((received, socket) => {
      if (!isRequestEnd(received)) return
      socket.pause()
      for (let round = 0; round < 8; round++) socket.write(flood)
    })
    const { ask } = client(server.port)
    expect(await ask(0)).toMatchObject({
      outcome: 'bad-response',
      text: 'HTTP/2 ENHANCE_YOUR_CALM: a flood of PING or SETTINGS',
    })
  })
})

it('reports nothing more after close, and leaves no socket', async () => {
  const server = await serve(() => undefined)
  const { ask, transport, reports } = client(server.port, { lanes: 4, connections: 2 })
  await transport.open()
  for (let lane = 0; lane < 4; lane++) void ask(lane)
  await new Promise((resolve) => setTimeout(resolve, 10))
  await transport.close()
  transport.abandon(0, 'timeout')
  transport.send(1, 0)
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(reports).toEqual([])
})

it('survives noise: every request is reported exactly once, whatever the server sends', async () => {
  const whole = answer(3)
  const mutated = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
  const noise = fc.oneof(
    mutated.map((changes) => {
      const bytes = Buffer.from(whole)
      for (const [index, value] of changes) bytes[index] = value
      return bytes
    }),
    fc.uint8Array({ maxLength: 100 }),
    fc
      .array(fc.tuple(fc.nat(10), fc.nat(255), fc.nat(4), fc.uint8Array({ maxLength: 12 })), { maxLength: 6 })
      .map((frames) => Buffer.concat(frames.map(([type, flags, id, payload]) => frame(type, flags, id, payload)))),
  )
  const inputs = fc.sample(noise, { numRuns: 400, seed: 8 })
  let next = 0
  const server = await serve((received, socket) => {
    if (!isRequestEnd(received)) return
    // One good answer first: without any, the next connection would wait for its back-off.
    if (received.streamId === 1) socket.write(answer(1))
    else socket.end(inputs[next++] ?? whole)
  })
  const { ask, reports } = client(server.port, { connectTimeoutMs: 2000 })
  let asked = 0
  for (; next < inputs.length; asked++) await ask(0)
  expect(reports).toHaveLength(asked)
})
