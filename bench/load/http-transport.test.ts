// Against Node's own HTTP server, the oracle: every kind of body, every way to keep or close a connection.
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { rawServer, testClient } from './http-test-client.ts'

async function httpServer(listener: RequestListener) {
  const server = createServer(listener)
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => void sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, sockets, server }
}

const BINARY = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

const BODIES: readonly [string, (response: ServerResponse) => void, number, string][] = [
  ['a length', (r) => r.writeHead(200, { 'content-length': 5 }).end('hello'), 200, 'hello'],
  ['chunks', (r) => [r.write('a'.repeat(5000)), r.end('b')], 200, `${'a'.repeat(5000)}b`],
  [
    'chunks and trailers',
    (r) => [r.writeHead(200, { trailer: 'x' }), r.write('1'), r.addTrailers({ x: '2' }), r.end()],
    200,
    '1',
  ],
  ['binary bytes', (r) => r.end(BINARY), 200, BINARY.toString('latin1')],
  ['more than one read', (r) => r.end('x'.repeat(300_000)), 200, 'x'.repeat(300_000)],
  ['no content', (r) => r.writeHead(204).end(), 204, ''],
  ['an empty body', (r) => r.writeHead(200, { 'content-length': 0 }).end(), 200, ''],
  [
    'interim answers',
    (r) => [r.writeContinue(), r.writeEarlyHints({ link: '</a>; rel=preload' }), r.end('x')],
    200,
    'x',
  ],
  ['connection: close', (r) => [r.setHeader('connection', 'close'), r.end('x')], 200, 'x'],
  [
    'no length, until it closes',
    (r) => {
      r.useChunkedEncodingByDefault = false
      r.write('x')
      r.end('y')
    },
    200,
    'xy',
  ],
  ['an error status', (r) => r.writeHead(503).end('no model'), 503, 'no model'],
]

it.each(BODIES)('takes an answer with %s, again and again', async (_, answer, code, body) => {
  const { port } = await httpServer((_, response) => answer(response))
  const client = testClient(port)
  await client.transport.open()
  for (let round = 0; round < 3; round++) {
    expect(await client.ask(round % 2)).toMatchObject({
      outcome: code === 200 ? 'ok' : 'status',
      code,
      body,
      headerLength: -1,
    })
  }
  expect(client.texts).toHaveLength(code === 200 ? 0 : 3)
})

it('sends the bytes that an HTTP server reads as the request, and counts them', async () => {
  const seen: unknown[] = []
  const { port, sockets } = await httpServer((request, response) => {
    let body = ''
    request.on('data', (data) => {
      body += data
    })
    request.on('end', () => {
      seen.push([request.method, request.url, request.headers['content-type'], request.headers.host, body])
      response.setHeader('inference-header-content-length', '1')
      response.end('{}')
    })
  })
  const client = testClient(port)
  const report = await client.ask(1)
  expect(seen).toEqual([['POST', '/predict', 'application/json', `127.0.0.1:${port}`, '{"n":1}']])
  expect(report).toMatchObject({ outcome: 'ok', headerLength: 1, lane: 0 })
  expect([report.bytesSent, report.bytesReceived]).toEqual([sockets[0]?.bytesRead, sockets[0]?.bytesWritten])
})

it('keeps one connection a lane, opened before the first request', async () => {
  const { port, sockets } = await httpServer((_, response) => response.end('x'))
  const client = testClient(port, { lanes: 3 })
  await client.transport.open()
  await expect.poll(() => sockets.length).toBe(3)
  for (let round = 0; round < 5; round++) await Promise.all([0, 1, 2].map((lane) => client.ask(0, lane)))
  expect(sockets).toHaveLength(3)
  expect(client.reports.filter(({ outcome }) => outcome === 'ok')).toHaveLength(15)
})

it('sends again from within the report', async () => {
  const { port } = await httpServer((_, response) => response.end('x'))
  let answers = 0
  await new Promise<void>((resolve) => {
    const { transport } = testClient(port, {
      sink: {
        onAnswer: () => (++answers === 200 ? resolve() : transport.send(0, answers % 2)),
        onConnected() {},
        onStreamWait() {},
        onFailureText: () => {},
      },
    })
    transport.send(0, 0)
  })
  expect(answers).toBe(200)
})

it('opens again for each request where the server announces to close, and counts no failure', async () => {
  const { port, sockets } = await httpServer((_, response) => response.writeHead(200, { connection: 'close' }).end('x'))
  const client = testClient(port)
  await client.transport.open()
  for (let round = 0; round < 10; round++) expect((await client.ask()).outcome).toBe('ok')
  expect(sockets.length).toBe(10)
  expect(client.texts).toEqual([])
})

it('opens silently again what the server closed while nothing was in flight', async () => {
  const { port, sockets, server } = await httpServer((_, response) => response.end('x'))
  const client = testClient(port)
  expect((await client.ask()).outcome).toBe('ok')
  const closed = new Promise((resolve) => sockets[0]?.once('close', resolve))
  server.closeIdleConnections()
  await closed
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect((await client.ask()).outcome).toBe('ok')
  expect([sockets.length, client.texts]).toEqual([2, []])
})

it('finds a server by name', async () => {
  const { port } = await httpServer((_, response) => response.end('x'))
  const client = testClient(port, { host: 'localhost' })
  expect((await client.ask()).outcome).toBe('ok')
})

it('closes every connection, reports nothing more, and ignores what is sent afterwards', async () => {
  const { port, server } = await httpServer(() => {})
  const client = testClient(port, { lanes: 2 })
  await client.transport.open()
  client.transport.send(0, 0)
  await client.transport.close()
  client.transport.send(1, 0)
  client.transport.abandon(0, 'timeout')
  await client.transport.close()
  await expect.poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(0)
  expect(client.reports).toEqual([])
})

it('refuses more lanes than connections, and a header that would break the request', () => {
  expect(() => testClient(1, { lanes: 2, connections: 1 })).toThrow('HTTP/1.1 needs a connection a lane')
  expect(() => testClient(1, { headers: { 'x-a': '1\r\nx-b: 2' } })).toThrow('an HTTP request cannot carry')
})

it('gives up waiting for a server that announces to close and does not', async () => {
  const { port, sockets } = await rawServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx')
  })
  const client = testClient(port)
  expect((await client.ask()).outcome).toBe('ok')
  expect((await client.ask()).outcome).toBe('ok')
  await expect.poll(() => sockets.every((socket) => socket.destroyed), { timeout: 5000 }).toBe(true)
})
