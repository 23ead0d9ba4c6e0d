// Everything that a server can do wrong, or that no ordinary server does: each has one outcome, and the lanes go on.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { FLAG, FRAME, frame, numberFrame, SETTING, settingsFrame } from '../protocol/http2-frames.ts'
import { type TestClient, testClient } from './grpc-test-client.ts'
import {
  answer,
  type ClientFrame,
  data,
  GREETING,
  grpcData,
  HEADERS_BLOCK,
  headers,
  isRequestEnd,
  type Script,
  scriptedServer,
  statusBlock,
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

async function serve(script: Script) {
  const server = await scriptedServer(script)
  closers.push(() => server.close())
  return server
}

/** Answers every request with what `reply` says, then goes on. */
const replying = (reply: (streamId: number, count: number) => Uint8Array | null, greeting = GREETING) => {
  let count = 0
  return serve({
    greeting,
    onFrame(received, socket) {
      if (!isRequestEnd(received)) return
      const bytes = reply(received.streamId, ++count)
      if (bytes !== null) socket.write(bytes)
    },
  })
}

async function rawPort(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => socket.destroy())
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return (server.address() as AddressInfo).port
}

const firstOfType = (frames: readonly ClientFrame[], type: number) => frames.find((seen) => seen.type === type)
const seconds = (duration: number) => new Promise((resolve) => setTimeout(resolve, 1000 * duration))
const bytes = (...values: number[]) => Uint8Array.from(values)
const grown = (streamId: number, increment: number) => numberFrame(FRAME.windowUpdate, streamId, increment)

describe('a connection that does not come up', () => {
  it('is reported after send has returned, and tried again after a growing back-off', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const { ask, transport, reports } = client(port, { lanes: 2 })
    await transport.open()
    const pending = Promise.all([ask(0), ask(1)])
    expect(reports).toEqual([])
    for (const { outcome, text } of await pending) {
      expect([outcome, text]).toEqual(['connect', expect.stringMatching(/ECONNREFUSED|^$/)])
    }
    const start = performance.now()
    for (let round = 0; round < 5; round++) expect((await ask(0)).outcome).toBe('connect')
    // 1, 2, 4, 8 and 16 ms, less what timers are early by.
    expect(performance.now() - start).toBeGreaterThan(20)
  })

  it('is given up when the server never says its SETTINGS', async () => {
    const port = await rawPort(() => undefined)
    const { ask } = client(port, { connectTimeoutMs: 30 })
    expect(await ask(0)).toMatchObject({ outcome: 'connect', text: 'no HTTP/2 connection within 30 ms' })
  })

  it('says when the port speaks HTTP/1', async () => {
    const port = await rawPort((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const { ask } = client(port)
    expect((await ask(0)).text).toBe('HTTP/2 PROTOCOL_ERROR: the port speaks HTTP/1, not gRPC')
  })
})

const padded = (type: number, flags: number, streamId: number, payload: Uint8Array) =>
  frame(type, flags | FLAG.padded, streamId, Buffer.concat([bytes(9), payload, new Uint8Array(9)]))

describe('unusual, but right', () => {
  it.each([
    [
      'padding',
      (id: number) => [
        padded(FRAME.headers, 4, id, HEADERS_BLOCK),
        padded(FRAME.data, 0, id, grpcData('answer')),
        trailers(id),
      ],
    ],
    [
      'an empty padded DATA frame',
      (id: number) => [headers(id), padded(FRAME.data, 0, id, bytes()), data(id, grpcData('answer')), trailers(id)],
    ],
    [
      'a priority in HEADERS',
      (id: number) => [
        headers(id, Buffer.concat([bytes(0, 0, 0, 0, 9), HEADERS_BLOCK]), 0x24),
        data(id, grpcData('answer')),
        trailers(id),
      ],
    ],
    ['an interim answer', (id: number) => [headers(id, Buffer.concat([bytes(8, 3), Buffer.from('103')])), answer(id)]],
    [
      'frames of unknown types and PRIORITY',
      (id: number) => [
        frame(0x42, 0xff, id, bytes(1, 2)),
        frame(FRAME.priority, 0, id, bytes(0, 0, 0, 0, 1)),
        answer(id),
      ],
    ],
    [
      'a header block in pieces',
      (id: number) => [
        headers(id, HEADERS_BLOCK.subarray(0, 1), 0),
        frame(FRAME.continuation, 0, id, HEADERS_BLOCK.subarray(1, 7)),
        frame(FRAME.continuation, FLAG.endHeaders, id, HEADERS_BLOCK.subarray(7)),
        data(id, grpcData('answer')),
        headers(id, bytes(), FLAG.endStream),
        frame(FRAME.continuation, FLAG.endHeaders, id, statusBlock(0)),
      ],
    ],
    ['a reset after the end', (id: number) => [answer(id), numberFrame(FRAME.resetStream, id, 0)]],
  ])('takes %s', async (_, reply) => {
    const { port } = await replying((id) => Buffer.concat(reply(id)))
    const { ask } = client(port)
    for (let round = 0; round < 2; round++) expect(await ask(0)).toMatchObject({ outcome: 'ok', body: 'answer' })
  })

  it('gives the same answer wherever the bytes of it are cut', async () => {
    const length = answer(1).length
    const server = await serve({
      onFrame(received, socket) {
        if (!isRequestEnd(received)) return
        const whole = answer(received.streamId)
        const cut = ((received.streamId - 1) / 2) % length
        socket.write(whole.subarray(0, cut))
        setTimeout(() => socket.write(whole.subarray(cut)), 1)
      },
    })
    const { ask } = client(server.port)
    const first = await ask(0)
    for (let cut = 1; cut < length; cut++) expect(await ask(0)).toEqual({ ...first, bytesSent: expect.any(Number) })
    expect(first).toMatchObject({ outcome: 'ok', body: 'answer', bytesReceived: length })
  })

  it('answers PING with its own payload', async () => {
    const payload = bytes(1, 2, 3, 4, 5, 6, 7, 8)
    const { port, frames } = await replying((id) => Buffer.concat([frame(FRAME.ping, 0, 0, payload), answer(id)]))
    const { ask } = client(port)
    await ask(0)
    await ask(0)
    expect(firstOfType(frames, FRAME.ping)).toMatchObject({ flags: FLAG.ack, payload: Buffer.from(payload) })
  })

  it('waits with DATA while the window is closed, and goes on with what is given', async () => {
    const server = await serve({
      greeting: settingsFrame([[SETTING.initialWindowSize, 0]]),
      onFrame(received, socket) {
        if (received.type === FRAME.headers) setTimeout(() => socket.write(grown(received.streamId, 6)), 5)
        if (received.type === FRAME.data && !isRequestEnd(received))
          socket.write(settingsFrame([[SETTING.initialWindowSize, 100]]))
        if (isRequestEnd(received)) socket.write(answer(received.streamId))
      },
    })
    const { ask } = client(server.port)
    expect((await ask(0)).outcome).toBe('ok')
    expect(server.frames.filter(({ type }) => type === FRAME.data).map(({ payload }) => payload.length)).toEqual([6, 7])
  })
})

describe('a stream that fails', () => {
  it.each([
    [0x7, 14, 'UNAVAILABLE: the server reset the stream (REFUSED_STREAM)'],
    [0x8, 1, 'CANCELLED: the server reset the stream (CANCEL)'],
    [0x2, 13, 'INTERNAL: the server reset the stream (INTERNAL_ERROR)'],
  ])('by RST_STREAM %i has gRPC code %i, and its neighbours go on', async (error, code, text) => {
    const { port } = await replying((id) => (id === 1 ? numberFrame(FRAME.resetStream, id, error) : answer(id)))
    const { ask } = client(port, { lanes: 2 })
    const [first, second] = await Promise.all([ask(0), ask(1)])
    expect(first).toMatchObject({ outcome: 'status', code, text })
    expect(second?.outcome).toBe('ok')
    expect((await ask(0)).outcome).toBe('ok')
  })

  it.each([
    ['DATA first', (id: number) => data(id, grpcData('x')), 'the answer begins with DATA'],
    [
      'an end without trailers',
      (id: number) => Buffer.concat([headers(id), data(id, grpcData('x'), 1)]),
      'the answer ended without grpc-status',
    ],
    [
      'headers twice',
      (id: number) => Buffer.concat([headers(id), headers(id)]),
      'the answer has headers in its middle',
    ],
    ['WINDOW_UPDATE of 0', (id: number) => grown(id, 0), 'the server sent WINDOW_UPDATE of 0'],
    ['a window over its limit', (id: number) => grown(id, 2 ** 31 - 1), 'the window is over 2^31 − 1 bytes'],
    [
      'a wrong :status',
      (id: number) => headers(id, Buffer.concat([bytes(8, 2), Buffer.from('2x')])),
      'the answer has no HTTP status',
    ],
  ])('by %s leaves the connection alone', async (_, reply, text) => {
    const server = await replying((id, count) => (count === 1 ? reply(id) : answer(id)))
    const { ask } = client(server.port)
    expect(await ask(0)).toMatchObject({ outcome: 'bad-response', text })
    expect((await ask(0)).outcome).toBe('ok')
    expect(server.connections()).toBe(1)
  })

  it('is cancelled when it is abandoned: reported at once, and its late answer is ignored', async () => {
    const server = await replying((id) => (id === 1 ? null : Buffer.concat([answer(1, 'late'), answer(id, 'right')])))
    const { ask, transport, reports } = client(server.port)
    const first = ask(0)
    while (!server.frames.some(isRequestEnd)) await seconds(0.002)
    transport.abandon(0, 'timeout')
    transport.abandon(0, 'timeout')
    expect(reports).toEqual([0])
    expect((await first).outcome).toBe('timeout')
    expect(await ask(0)).toMatchObject({ outcome: 'ok', body: 'right' })
    expect(firstOfType(server.frames, FRAME.resetStream)).toMatchObject({ streamId: 1, payload: Buffer.of(0, 0, 0, 8) })
  })

  it('is never sent when it is abandoned while it waits for its turn', async () => {
    const server = await replying((id) => answer(id), settingsFrame([[SETTING.maxConcurrentStreams, 0]]))
    const { ask, transport } = client(server.port)
    const first = ask(0)
    await seconds(0.02)
    transport.abandon(0, 'aborted')
    expect(await first).toMatchObject({ outcome: 'aborted', bytesSent: 0 })
    expect(firstOfType(server.frames, FRAME.headers)).toBeUndefined()
  })
})
