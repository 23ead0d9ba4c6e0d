// Streaming lanes: many requests over one HTTP/2 stream, and what becomes of a lane when its stream or connection ends.
import { afterEach, expect, it } from 'vitest'
import { FLAG, FRAME, frame, SETTING, settingsFrame, writeUint32 } from '../protocol/http2-frames.ts'
import { testClient } from './grpc-test-client.ts'
import {
  type ClientFrame,
  data,
  grpcData,
  headers,
  type Script,
  type ScriptedServer,
  scriptedServer,
  trailers,
} from './grpc-test-server.ts'

let server: ScriptedServer | undefined
let close: (() => Promise<void>) | undefined
afterEach(async () => {
  await close?.()
  await server?.close()
})

async function start(script: Script, lanes = 1) {
  server = await scriptedServer(script)
  const client = testClient(server.port, { streaming: true, lanes, connections: 1 })
  close = () => client.transport.close()
  await client.transport.open()
  return client
}

/** Answers each message, with headers before the first of its stream. */
function echo(): Script {
  const answered = new Set<string>()
  return {
    onFrame({ type, streamId }, socket, connection) {
      if (type !== FRAME.data) return
      const key = `${connection}/${streamId}`
      if (!answered.has(key)) socket.write(headers(streamId))
      answered.add(key)
      socket.write(data(streamId, grpcData('answer')))
    },
  }
}

const streamsOf = (frames: readonly ClientFrame[]) =>
  new Set(frames.filter(({ type }) => type === FRAME.headers).map(({ streamId }) => streamId))

it('sends every request of a lane over one stream, which it never ends', async () => {
  const { ask } = await start(echo(), 2)
  for (let round = 0; round < 5; round++) {
    for (const answer of await Promise.all([ask(0), ask(1)]))
      expect(answer).toMatchObject({ outcome: 'ok', body: 'answer' })
  }
  const { frames } = server as ScriptedServer
  expect(streamsOf(frames)).toEqual(new Set([1, 3]))
  expect(frames.filter(({ type }) => type === FRAME.data)).toHaveLength(10)
  expect(frames.some(({ flags, type }) => type === FRAME.data && (flags & FLAG.endStream) !== 0)).toBe(false)
})

it('counts the headers with the first request only', async () => {
  const { ask } = await start(echo())
  const [first, second] = [await ask(0), await ask(0)]
  expect(second.bytesSent).toBe(9 + 5 + 'question'.length)
  expect(first.bytesSent).toBeGreaterThan(second.bytesSent)
  expect(second.bytesReceived).toBe(9 + 5 + 'answer'.length)
})

it('opens a new stream after the server ended one, silently between requests, with its status during one', async () => {
  const plain = echo()
  let messages = 0
  const { ask, reports } = await start({
    onFrame(received, socket, connection) {
      if (received.type !== FRAME.data) return
      messages++
      if (messages === 3) {
        socket.write(headers(received.streamId))
        socket.write(trailers(received.streamId, 14))
        return
      }
      plain.onFrame(received, socket, connection)
      if (messages === 1) socket.write(trailers(received.streamId))
    },
  })
  expect(await ask(0)).toMatchObject({ outcome: 'ok' })
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(reports).toHaveLength(1)
  expect(await ask(0)).toMatchObject({ outcome: 'ok' })
  expect((await ask(0)).outcome).not.toBe('ok')
  expect(await ask(0)).toMatchObject({ outcome: 'ok' })
  expect(streamsOf((server as ScriptedServer).frames).size).toBeGreaterThanOrEqual(3)
})

it('moves to a new connection after GOAWAY, without a failure', async () => {
  const plain = echo()
  const { ask, reports } = await start({
    onFrame(received, socket, connection) {
      plain.onFrame(received, socket, connection)
      if (received.type !== FRAME.data || connection > 1) return
      const payload = new Uint8Array(8)
      writeUint32(payload, 0, received.streamId)
      socket.write(frame(FRAME.goAway, 0, 0, payload))
    },
  })
  expect(await ask(0)).toMatchObject({ outcome: 'ok' })
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(await ask(0)).toMatchObject({ outcome: 'ok' })
  expect(reports).toHaveLength(2)
  expect((server as ScriptedServer).connections()).toBe(2)
})

it('shares fewer streams than lanes, so that every lane has its turn', async () => {
  const greeting = settingsFrame([[SETTING.maxConcurrentStreams, 2]])
  const { ask } = await start({ ...echo(), greeting }, 6)
  const lanes = Array.from({ length: 6 }, async (_, lane) => {
    for (let round = 0; round < 4; round++) expect((await ask(lane)).outcome).toBe('ok')
  })
  await Promise.all(lanes)
})

it('gives a request up by ending its stream, and ignores the late answer', async () => {
  let late: (() => void) | undefined
  const { ask, transport, reports } = await start({
    onFrame({ type, streamId }, socket) {
      if (type !== FRAME.data) return
      const reply = () => socket.write(Buffer.concat([headers(streamId), data(streamId, grpcData('answer'))]))
      if (late === undefined) late = reply
      else reply()
    },
  })
  const asked = ask(0)
  while (late === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
  transport.abandon(0, 'timeout')
  expect(await asked).toMatchObject({ outcome: 'timeout' })
  transport.abandon(0, 'timeout')
  late()
  expect(await ask(0)).toMatchObject({ outcome: 'ok', body: 'answer' })
  expect(reports).toHaveLength(2)
  const { frames } = server as ScriptedServer
  expect(frames.some(({ type, streamId }) => type === FRAME.resetStream && streamId === 1)).toBe(true)
})

it('refuses a message that nobody asked for, and goes on with another stream', async () => {
  const plain = echo()
  const { ask, reports } = await start({
    onFrame(received, socket, connection) {
      plain.onFrame(received, socket, connection)
      if (received.type === FRAME.data && received.streamId === 1) socket.write(data(1, grpcData('unasked')))
    },
  })
  expect(await ask(0)).toMatchObject({ outcome: 'ok', body: 'answer' })
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(await ask(0)).toMatchObject({ outcome: 'ok', body: 'answer' })
  expect(reports).toHaveLength(2)
})

it('ends a request with its last answer, however many came before and however they share frames', async () => {
  // A message that begins with `…` has others behind it.
  const partOf = (bytes: Uint8Array) => (bytes[0] === 0x2e ? ('more' as const) : ('last' as const))
  let sent = 0
  server = await scriptedServer({
    onFrame({ type, streamId }, socket) {
      if (type !== FRAME.data) return
      if (sent++ === 0) socket.write(headers(streamId))
      socket.write(data(streamId, Buffer.concat([grpcData('.one'), grpcData('.two')])))
      setTimeout(() => socket.write(data(streamId, grpcData('last'))), 20)
    },
  })
  const client = testClient(server.port, { streaming: true, lanes: 1, connections: 1, partOf })
  close = () => client.transport.close()
  await client.transport.open()
  for (let round = 0; round < 3; round++) expect(await client.ask(0)).toMatchObject({ outcome: 'ok', body: 'last' })
  expect(sent).toBe(3)
})

it('fails a request that gets the answer to another one, and says why', async () => {
  server = await scriptedServer(echo())
  const client = testClient(server.port, { streaming: true, lanes: 1, connections: 1, partOf: () => 'stray' })
  close = () => client.transport.close()
  await client.transport.open()
  const answer = await client.ask(0)
  expect(answer.outcome).toBe('bad-response')
  expect(answer.text).toContain('more than one answer a request')
})

it('judges a request by its last answer with outputs where a mere mark ends it', async () => {
  const partOf = (bytes: Uint8Array) => (bytes[0] === 0x2e ? ('more' as const) : ('end' as const))
  let sent = 0
  server = await scriptedServer({
    onFrame({ type, streamId }, socket) {
      if (type !== FRAME.data) return
      if (sent++ === 0) socket.write(headers(streamId))
      socket.write(data(streamId, Buffer.concat([grpcData('.one'), grpcData('.two'), grpcData('end')])))
    },
  })
  const client = testClient(server.port, { streaming: true, lanes: 1, connections: 1, partOf })
  close = () => client.transport.close()
  await client.transport.open()
  for (let round = 0; round < 3; round++) expect(await client.ask(0)).toMatchObject({ outcome: 'ok', body: '.two' })
})

it('tells of an answer that no request waits for', async () => {
  server = await scriptedServer({
    onFrame({ type, streamId }, socket) {
      if (type !== FRAME.data) return
      socket.write(Buffer.concat([headers(streamId), data(streamId, grpcData('answer'))]))
      setTimeout(() => socket.write(data(streamId, grpcData('another'))), 20)
    },
  })
  const client = testClient(server.port, { streaming: true, lanes: 1, connections: 1 })
  close = () => client.transport.close()
  await client.transport.open()
  expect(await client.ask(0)).toMatchObject({ outcome: 'ok', body: 'answer' })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(client.unasked()).toBe(1)
})
