// HTTP servers that offer hundreds of megabytes of nothing: each request ends, memory stays small, the lane goes on.
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { flood, memoryGrowth, repeated, tcpServer } from './hostile-test-server.ts'
import { deadPort, testClient } from './http-test-client.ts'
import { countConnects } from './test-loop.ts'

const OFFERED_BYTES = 400e6
const BOUND_BYTES = 64e6
const TIMEOUT_MS = 60
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx'
const HEAD = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`

/** Floods its first connection once that has asked something, and answers on all later ones. */
function floodingServer(start: string, piece: string) {
  const bytes = repeated(piece)
  return tcpServer((socket, connection) => {
    if (connection > 1) socket.on('data', () => socket.write(OK))
    else
      socket.once('data', () => {
        socket.write(start, 'latin1')
        flood(socket, bytes, OFFERED_BYTES)
      })
  })
}

async function expectAllClosed(sockets: readonly Socket[]): Promise<void> {
  await expect.poll(() => sockets.every((socket) => socket.closed || socket.destroyed)).toBe(true)
}

describe('a server without end', () => {
  it.each([
    ['one header', `${HEAD}X: `, 'x', 'larger than 65536 bytes'],
    ['headers', HEAD, 'X-Header: 1\r\n', 'larger than 65536 bytes'],
    ['interim answers', '', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 'larger than 65536 bytes'],
    ['an interim answer’s headers', 'HTTP/1.1 100 Continue\r\n', 'X: 1\r\n', 'larger than 65536 bytes'],
    ['chunks', CHUNKED, `1000\r\n${'x'.repeat(4096)}\r\n`, 'the limit is 16777216'],
    ['one chunk extension', `${CHUNKED}1;`, 'x', 'larger than 65536 bytes'],
    ['trailers', `${CHUNKED}0\r\n`, 'X: 1\r\n', 'larger than 65536 bytes'],
    ['a body until the connection ends', `${HEAD}\r\n`, 'x', 'the limit is 16777216'],
  ])('of %s is refused at the limit, and holds no memory', async (_, start, piece, text) => {
    const { port, sockets } = await floodingServer(start, piece)
    const client = testClient(port)
    const grownBytes = await memoryGrowth(async () => {
      expect((await client.ask()).outcome).toBe('bad-response')
    })
    expect(client.texts[0]).toContain(text)
    expect(grownBytes).toBeLessThan(BOUND_BYTES)
    expect((await client.ask()).outcome).toBe('ok')
    await client.transport.close()
    await expectAllClosed(sockets)
    expect(client.reports).toHaveLength(2)
  })

  it('of chunks of one byte is refused at the limit', async () => {
    const { port } = await floodingServer(CHUNKED, '1\r\nx\r\n')
    const client = testClient(port, {}, { maxHeadBytes: 1000, maxBodyBytes: 500_000 })
    expect((await client.ask()).outcome).toBe('bad-response')
    expect(client.texts[0]).toContain('the limit is 500000')
  })

  it('that stays within every limit is ended by the timeout', async () => {
    // A byte of body costs it a kilobyte: the limit is sixteen gigabytes away.
    const { port, sockets } = await floodingServer(CHUNKED, `1;${'x'.repeat(1000)}\r\nx\r\n`)
    const client = testClient(port)
    const grownBytes = await memoryGrowth(async () => {
      setTimeout(() => client.transport.abandon(0, 'timeout'), TIMEOUT_MS)
      expect((await client.ask()).outcome).toBe('timeout')
    })
    expect(grownBytes).toBeLessThan(BOUND_BYTES)
    expect((await client.ask()).outcome).toBe('ok')
    await client.transport.close()
    await expectAllClosed(sockets)
  })
})

it('takes no memory for a body that is announced and never sent', async () => {
  const { port } = await tcpServer((socket) =>
    socket.once('data', () => socket.write(`${HEAD}Content-Length: 16777216\r\n\r\nx`)),
  )
  const client = testClient(port, { lanes: 32 })
  const grownBytes = await memoryGrowth(async () => {
    const asked = Array.from({ length: 32 }, (_, lane) => client.ask(0, lane))
    setTimeout(() => {
      for (let lane = 0; lane < 32; lane++) client.transport.abandon(lane, 'timeout')
    }, TIMEOUT_MS)
    for (const { outcome } of await Promise.all(asked)) expect(outcome).toBe('timeout')
  })
  expect(grownBytes).toBeLessThan(BOUND_BYTES)
})

it('tries a closed port a few times in half a second, however fast the lane asks again', async () => {
  const client = testClient(await deadPort())
  const connects = countConnects()
  const endMs = performance.now() + 500
  while (performance.now() < endMs) expect((await client.ask()).outcome).toBe('connect')
  // 1 + 2 + 4 + … + 64 ms, then every 100 ms.
  expect(connects()).toBeGreaterThan(5)
  expect(connects()).toBeLessThan(20)
  expect(client.reports).toHaveLength(connects())
})

describe('a server that answers on no connection is not called without a pause', () => {
  it.each([
    ['by closing at once', (socket: Socket) => socket.destroy()],
    ['by closing at the first request', (socket: Socket) => socket.once('data', () => socket.end())],
    ['by resetting at the first request', (socket: Socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['by saying something else', (socket: Socket) => socket.once('data', () => socket.end('220 mail ready\r\n'))],
  ])('%s', async (_, hangUp) => {
    let isHonest = false
    const { port } = await tcpServer((socket) =>
      isHonest ? socket.on('data', () => socket.write(OK)) : hangUp(socket),
    )
    const client = testClient(port)
    const connects = countConnects()
    const endMs = performance.now() + 200
    while (performance.now() < endMs) expect((await client.ask()).outcome).not.toBe('ok')
    expect(connects()).toBeGreaterThan(3)
    expect(connects()).toBeLessThan(20)
    isHonest = true
    for (let round = 0; round < 3; round++) expect((await client.ask()).outcome).toBe('ok')
  })
})
