// What the fuzzer found, one by one: rare orders of events that a campaign of a second need not come across again.
import { expect, it, onTestFinished } from 'vitest'
import { FRAME, frame, writeUint32 } from '../protocol/http2-frames.ts'
import { testClient } from './grpc-test-client.ts'
import { answer, data, grpcData, headers, isRequestEnd, type Script, scriptedServer } from './grpc-test-server.ts'
import { createGrpcTransport } from './grpc-transport.ts'
import { testLoop } from './test-loop.ts'

async function serve(onFrame: Script['onFrame']) {
  const server = await scriptedServer({ onFrame })
  onTestFinished(() => server.close())
  return server
}

it('reports nothing of the other lanes when the transport is closed within one lane’s report', async () => {
  const goAway = frame(FRAME.goAway, 0, 0, new Uint8Array(8))
  const server = await serve((received, socket) => {
    if (isRequestEnd(received) && received.streamId === 5) socket.write(goAway)
  })
  const reports: string[] = []
  const transport = createGrpcTransport({
    host: '127.0.0.1',
    port: server.port,
    addressOf: () => '127.0.0.1',
    lanes: 3,
    connections: 1,
    path: '/x/y',
    headers: {},
    bodies: [Buffer.from('question')],
    streaming: false,
    tls: null,
    loop: testLoop(),
    connectTimeoutMs: 5000,
    timeoutMs: 5000,
    sink: {
      onAnswer(lane, outcome) {
        reports.push(`${lane} ${outcome}`)
        void transport.close()
      },
      onFailureText() {},
      onConnected() {},
      onStreamWait() {},
    },
  })
  for (let lane = 0; lane < 3; lane++) transport.send(lane, 0)
  await expect.poll(() => reports.length).toBeGreaterThan(0)
  await transport.close()
  expect(reports).toEqual(['0 aborted'])
})

it('opens a new stream for a streaming lane that was answered before all of its request was sent', async () => {
  const body = Buffer.alloc(70_000, 'Q')
  const received = new Map<number, Buffer>()
  const server = await serve(({ type, streamId, payload }, socket) => {
    if (type !== FRAME.data) return
    const before = received.get(streamId)
    received.set(streamId, Buffer.concat([before ?? Buffer.of(), payload]))
    // Far from all of it fits into the window that a connection begins with.
    if (before === undefined) {
      const update = new Uint8Array(4)
      writeUint32(update, 0, 200_000)
      socket.write(Buffer.concat([headers(streamId), data(streamId, grpcData('early'))]))
      socket.write(frame(FRAME.windowUpdate, 0, 0, update))
    }
  })
  const { ask, transport } = testClient(server.port, { streaming: true, bodies: [body] })
  onTestFinished(() => transport.close())
  for (let round = 0; round < 3; round++) expect(await ask(0)).toMatchObject({ outcome: 'ok', body: 'early' })
  expect([...received.keys()]).toEqual([1, 3, 5])
  for (const bytes of received.values()) expect(bytes.indexOf(0, 5)).toBe(-1)
})

it('goes on after an answer that came before all of a unary request was sent', async () => {
  const server = await serve(({ type, streamId }, socket) => {
    if (type === FRAME.headers) socket.write(answer(streamId))
  })
  const { ask, transport } = testClient(server.port, { bodies: [Buffer.alloc(70_000)] })
  onTestFinished(() => transport.close())
  expect((await ask(0)).outcome).toBe('ok')
  // Its stream is given up in mid-sentence, the connection is not.
  await expect.poll(() => server.frames.filter(({ type }) => type === FRAME.resetStream).length).toBe(1)
  expect((await ask(0)).outcome).toBe('ok')
  expect(server.connections()).toBe(1)
})
