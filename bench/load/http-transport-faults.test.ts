// Servers that refuse, reset, stall, lie or babble: each request is reported exactly once, with the right outcome.
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { expect, it, onTestFinished } from 'vitest'
import { DEFAULT_PARSER_LIMITS } from '../protocol/http1-parser.ts'
import { deadPort, rawServer, testClient } from './http-test-client.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx'
const later = (delayMs: number) => new Promise((resolve) => setTimeout(resolve, delayMs))

it('sends once more what crossed the end of a connection that had answered, as its server announces no close', async () => {
  const { port, sockets } = await rawServer((socket) => void socket.end(OK))
  const client = testClient(port)
  for (let round = 0; round < 5; round++) expect((await client.ask()).outcome).toBe('ok')
  expect(client.texts).toEqual([])
  expect(sockets.length).toBeGreaterThanOrEqual(5)
})

it('sends nothing a second time: a connection that was closed again without an answer is reported as aborted', async () => {
  let requests = 0
  const { port, sockets } = await rawServer((socket) => void (++requests === 1 ? socket.write(OK) : socket.end()))
  const client = testClient(port)
  expect((await client.ask()).outcome).toBe('ok')
  expect(await client.ask()).toMatchObject({ outcome: 'aborted', code: 0, bytesReceived: 0, body: null })
  expect(client.texts).toEqual(['aborted: the server closed the connection without an answer'])
  expect(sockets).toHaveLength(2)
})

it('takes a server at its word that closes instead of answering now and then', async () => {
  let requests = 0
  const { port } = await rawServer(
    (socket) => void ([3, 8, 10, 17].includes(++requests) ? socket.end() : socket.write(OK)),
  )
  const client = testClient(port)
  for (let round = 0; round < 20; round++) await client.ask()
  // The first one alone could have been a habit of the server's.
  expect(client.reports.filter(({ outcome }) => outcome === 'aborted')).toHaveLength(3)
})

it.each([
  ['before an answer', ''],
  ['within the head', 'HTTP/1.1 200 OK\r\nConte'],
  ['within the body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
  ['within a body until the end', 'HTTP/1.1 200 OK\r\n\r\nabc'],
])('reports a reset %s as aborted', async (_, bytes) => {
  const { port } = await rawServer((socket) => {
    if (bytes === '') socket.resetAndDestroy()
    else socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), 20))
  })
  const client = testClient(port)
  expect(await client.ask()).toMatchObject({ outcome: 'aborted', bytesReceived: bytes.length })
  expect(client.texts).toEqual(['aborted: read ECONNRESET'])
})

it('reports a body cut short by an orderly close as aborted, with how much there was', async () => {
  const { port } = await rawServer((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'))
  const client = testClient(port)
  expect((await client.ask()).outcome).toBe('aborted')
  expect(client.texts).toEqual(['aborted: the server closed the connection after 3 of 10 body bytes'])
})

it('takes a half-closing server’s body until the end as an answer', async () => {
  const { port } = await rawServer((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'))
  const client = testClient(port)
  for (let round = 0; round < 3; round++) {
    expect(await client.ask()).toMatchObject({ outcome: 'ok', body: 'all of it' })
  }
})

it('waits for an answer that comes byte by byte', async () => {
  const { port } = await rawServer(async (socket) => {
    for (const byte of 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n') {
      socket.write(byte)
      await later(1)
    }
  })
  const client = testClient(port)
  expect(await client.ask()).toMatchObject({ outcome: 'ok', body: 'hi' })
  expect((await client.ask()).outcome).toBe('ok')
})

const LIMITS = { ...DEFAULT_PARSER_LIMITS, maxBodyBytes: 100_000 }
it.each([
  ['garbage', 'hello\r\n', 'status line'],
  ['an endless header', 'HTTP/1.1 200 OK\r\nX: x', 'larger than 65536 bytes'],
  ['an endless body', 'HTTP/1.1 200 OK\r\n\r\n', 'the limit is 100000'],
  ['a body that is said to be too large', 'HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n', 'the limit is 100000'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx', 'conflicting content-length'],
])('reports %s as a bad response and closes the connection', async (_, start, text) => {
  const { port, sockets } = await rawServer((socket) => {
    socket.write(start)
    const babble = setInterval(() => socket.write('y'.repeat(9000)), 1)
    socket.on('close', () => clearInterval(babble))
  })
  const client = testClient(port, {}, LIMITS)
  expect((await client.ask()).outcome).toBe('bad-response')
  expect(client.texts[0]).toContain(text)
  await expect.poll(() => sockets.every((socket) => socket.destroyed)).toBe(true)
  expect(client.reports).toHaveLength(1)
})

it('delivers a good answer with bytes after it, then trusts the connection no more', async () => {
  const { port, sockets } = await rawServer((socket) =>
    socket.write(`${OK}HTTP/1.1 500 Stray\r\nContent-Length: 0\r\n\r\n`),
  )
  const client = testClient(port)
  for (let round = 1; round <= 3; round++) {
    expect(await client.ask()).toMatchObject({ outcome: 'ok', body: 'x', bytesReceived: OK.length })
    expect(sockets).toHaveLength(round)
  }
})

it('does not use a connection again whose request was answered before it was all sent', async () => {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => socket.destroy())
    // Answers at the first bytes and reads no more of them.
    socket.once('data', () => socket.pause().write(OK))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const client = testClient((server.address() as AddressInfo).port, { bodies: [Buffer.alloc(32 * 1024 * 1024, 'x')] })
  expect((await client.ask()).outcome).toBe('ok')
  expect((await client.ask()).outcome).toBe('ok')
  expect(sockets).toHaveLength(2)
})

it('drops a connection on which the server speaks unasked', async () => {
  const { port, sockets } = await rawServer((socket) => {
    socket.write(OK)
    setTimeout(() => socket.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n'), 10)
  })
  const client = testClient(port)
  expect((await client.ask()).outcome).toBe('ok')
  await expect.poll(() => sockets[0]?.destroyed).toBe(true)
  expect((await client.ask()).outcome).toBe('ok')
  expect([client.reports.length, client.texts]).toEqual([2, []])
})

it('reports a refused connection later, after a delay that grows and then starts over', async () => {
  const port = await deadPort()
  const client = testClient(port)
  await client.transport.open()
  expect(client.reports).toEqual([])
  const startMs = performance.now()
  for (let round = 0; round < 7; round++) {
    const asked = client.ask()
    expect(client.reports).toHaveLength(round)
    expect(await asked).toMatchObject({ outcome: 'connect', code: 0, bytesSent: 0, bytesReceived: 0 })
  }
  // 1 + 2 + 4 + 8 + 16 + 32 + 64 ms, less what timers round away.
  expect(performance.now() - startMs).toBeGreaterThan(110)
  expect(client.texts[0]).toContain('connect: connect ECONNREFUSED')
  const server = createServer((socket) => socket.on('data', () => socket.end(OK)))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  expect((await client.ask()).outcome).toBe('ok')
  await new Promise((resolve) => server.close(resolve))
  const againMs = performance.now()
  for (let round = 0; round < 3; round++) expect((await client.ask()).outcome).toBe('connect')
  // 1 + 2 + 4 ms, and not three times 100.
  expect(performance.now() - againMs).toBeLessThan(250)
})

it('says why a name with several addresses cannot be connected to', async () => {
  const client = testClient(await deadPort(), { host: 'localhost' })
  expect((await client.ask()).outcome).toBe('connect')
  expect(client.texts[0]).toContain('ECONNREFUSED')
})

it('gives a connection up that is not made in time', async () => {
  // The worker listens and then sleeps: once the short backlog is full, the kernel answers no one.
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
     const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port)
       setImmediate(() => Atomics.wait(workerData, 0, 0))
     })`,
    { eval: true, workerData: new Int32Array(new SharedArrayBuffer(4)) },
  )
  onTestFinished(async () => void (await worker.terminate()))
  const port = await new Promise<number>((resolve) => worker.once('message', resolve))
  const client = testClient(port, { lanes: 8, connectTimeoutMs: 100 })
  await client.transport.open()
  for (let lane = 0; lane < 8; lane++) client.transport.send(lane, 0)
  await expect.poll(() => client.reports.length).toBeGreaterThan(3)
  expect(new Set(client.reports.map(({ outcome }) => outcome))).toEqual(new Set(['connect']))
  expect(client.texts[0]).toBe('connect: not connected after 100 ms')
})

it('gives a request up at once, and ignores the late answer', async () => {
  const { port, sockets } = await rawServer((socket, count) => {
    if (sockets.length > 1 || count > 1) socket.write(OK)
    else setTimeout(() => socket.write(OK), 30)
  })
  const client = testClient(port)
  await client.transport.open()
  client.transport.send(0, 0)
  await later(5)
  client.transport.abandon(0, 'timeout')
  expect(client.reports).toMatchObject([{ outcome: 'timeout', body: null, bytesReceived: 0 }])
  expect(client.reports[0]?.bytesSent).toBeGreaterThan(0)
  client.transport.abandon(0, 'timeout')
  await later(50)
  expect(client.reports).toHaveLength(1)
  expect((await client.ask()).outcome).toBe('ok')
  expect(sockets).toHaveLength(2)
})

it('gives a request up while its connection is still being refused', async () => {
  const client = testClient(await deadPort())
  for (let round = 0; round < 8; round++) await client.ask()
  client.transport.send(0, 0)
  await later(10)
  client.transport.abandon(0, 'aborted')
  expect(client.reports.at(-1)?.outcome).toBe('aborted')
  await later(150)
  expect(client.reports).toHaveLength(9)
})

it('does not confuse the lanes of a server that fails now and then', async () => {
  let requests = 0
  const { port } = await rawServer((socket) => {
    requests++
    if (requests % 7 === 0) socket.destroy()
    else if (requests % 11 === 0) socket.write('garbage\r\n')
    else socket.write(OK)
  })
  const client = testClient(port, { lanes: 8 })
  await client.transport.open()
  const load = async (lane: number) => {
    for (let round = 0; round < 50; round++) expect((await client.ask(round % 2, lane)).lane).toBe(lane)
  }
  await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(load))
  const count = (outcome: string) => client.reports.filter((report) => report.outcome === outcome).length
  expect(client.reports).toHaveLength(400)
  // What crossed the end of a connection may be sent once more: at least once a lane.
  const repeated = requests - 400
  expect(repeated).toBeLessThanOrEqual(30)
  expect(count('aborted') + count('ok') + count('bad-response')).toBe(400)
  expect(count('aborted') + repeated).toBe(Math.floor(requests / 7))
})
