// The deadline that every unary request carries, as a server sees it and as it ends one.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { grpcTimeout } from './grpc-requests.ts'
import { testClient } from './grpc-test-client.ts'
import type { TransportOptions } from './transport.ts'

const NS_BY_UNIT: Readonly<Record<string, number>> = { n: 1, u: 1e3, m: 1e6, S: 1e9, M: 60e9, H: 3600e9 }

describe('a timeout in gRPC’s form', () => {
  it.each([
    [10_000, '10S'],
    [250, '250m'],
    [1.5, '1500u'],
    [0.0001, '100n'],
    [600_000, '10M'],
    [90_000, '90S'],
    [7_200_000, '2H'],
    [0, '1n'],
  ])('of %f ms is %s', (ms, text) => {
    expect(grpcTimeout(ms)).toBe(text)
  })

  it('has at most eight digits, and is never shorter than asked for nor longer by more than a hundred-thousandth', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 86_400_000, noNaN: true }), (ms) => {
        const [, digits = '', unit = ''] = /^(\d{1,8})([numSMH])$/.exec(grpcTimeout(ms)) ?? []
        const ns = Number(digits) * (NS_BY_UNIT[unit] ?? 0)
        expect(ns).toBeGreaterThanOrEqual(Math.round(ms * 1e6))
        expect(ns).toBeLessThanOrEqual(Math.round(ms * 1e6) * (1 + 1.1e-5) + 1)
      }),
    )
  })
})

/** Headers of the requests that a client sends to a server that does with them as it is told. */
async function serve(
  options: Partial<TransportOptions>,
  onStream: (stream: ServerHttp2Stream) => void,
): Promise<{ readonly client: ReturnType<typeof testClient>; readonly seen: IncomingHttpHeaders[] }> {
  const seen: IncomingHttpHeaders[] = []
  const server = createServer().on('stream', (stream, headers) => {
    seen.push(headers)
    stream.on('error', () => stream.destroy())
    onStream(stream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = testClient((server.address() as AddressInfo).port, options)
  onTestFinished(async () => {
    await client.transport.close()
    server.close()
  })
  return { client, seen }
}

const end = (code: number) => (stream: ServerHttp2Stream) =>
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': String(code), 'grpc-message': 'late' },
    { endStream: true },
  )

describe('a unary request', () => {
  it('carries its timeout, on the first and on every later request of a connection', async () => {
    const { client, seen } = await serve({ timeoutMs: 1500 }, end(5))
    for (let round = 0; round < 3; round++) await client.ask(0)
    expect(seen.map((headers) => headers['grpc-timeout'])).toEqual(['1500m', '1500m', '1500m'])
    expect(seen.map((headers) => headers[':scheme'])).toEqual(['http', 'http', 'http'])
  })

  it('that the server gave up at its deadline is a timeout', async () => {
    const { client } = await serve({}, end(4))
    expect(await client.ask(0)).toMatchObject({ outcome: 'timeout', code: 4, text: 'DEADLINE_EXCEEDED: late' })
  })
})

it('a streaming lane carries no deadline, which would end the stream and not a request', async () => {
  const { client, seen } = await serve({ timeoutMs: 1500, streaming: true }, end(5))
  await client.ask(0)
  expect(seen.map((headers) => headers['grpc-timeout'])).toEqual([undefined])
})

it('a server is reached by its IPv6 address', async ({ skip }) => {
  const seen: string[] = []
  const server = createServer().on('stream', (stream, headers) => {
    seen.push(String(headers[':authority']))
    end(5)(stream)
  })
  server.listen(0, '::1')
  const failed = await once(server, 'listening').then(
    () => false,
    () => true,
  )
  if (failed) skip('this machine has no IPv6')
  const { port } = server.address() as AddressInfo
  const client = testClient(port, { host: '[::1]' })
  onTestFinished(async () => {
    await client.transport.close()
    server.close()
  })
  expect(await client.ask(0)).toMatchObject({ outcome: 'status', code: 5 })
  expect(seen).toEqual([`[::1]:${port}`])
})
