// The transport against two independent HTTP/2 servers: node:http2 and @grpc/grpc-js.
import { once } from 'node:events'
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { loadPackageDefinition, Server, ServerCredentials, type ServiceClientConstructor } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { afterEach, describe, expect, it } from 'vitest'
import { kserveGrpcCodec } from '../protocol/kserve-grpc.ts'
import type { ModelSpec } from '../scenario/types.ts'
import { type TestClient, testClient } from './grpc-test-client.ts'
import { grpcData } from './grpc-test-server.ts'

const PROTO = fileURLToPath(new URL('../protocol/kserve.proto', import.meta.url))
const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function client(...args: Parameters<typeof testClient>): TestClient {
  const made = testClient(...args)
  closers.push(() => made.transport.close())
  return made
}

interface Infer {
  readonly request: { model_name: string; raw_input_contents: Buffer[] }
}
type Reply = (error: object | null, answer?: object) => void

async function grpcServer(modelInfer: (call: Infer, reply: Reply) => void, options = {}): Promise<number> {
  const loaded = loadPackageDefinition(loadSync(PROTO, { keepCase: true, longs: Number }))
  const { service } = (loaded.inference as unknown as { GRPCInferenceService: ServiceClientConstructor })
    .GRPCInferenceService
  const server = new Server({ 'grpc.max_receive_message_length': -1, ...options })
  server.addService(service, { ModelInfer: modelInfer })
  closers.push(() => server.forceShutdown())
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port)
      else reject(error)
    })
  })
}

type Handler = (stream: ServerHttp2Stream, body: Buffer, headers: Record<string, unknown>) => void

async function http2Server(onRequest: Handler, settings = {}): Promise<{ port: number; server: Http2Server }> {
  const server = createServer({ settings })
  const sessions = new Set<{ destroy(): void }>()
  server.on('session', (session) => sessions.add(session))
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('error', () => stream.destroy())
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => onRequest(stream, Buffer.concat(chunks), headers))
  })
  server.listen(0, '127.0.0.1')
  closers.push(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, server }
}

/** gRPC's answer through node:http2; `pieces` are separate DATA writes. */
function answer(stream: ServerHttp2Stream, pieces: readonly Uint8Array[], status = '0', message = ''): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status, 'grpc-message': message }))
  for (const piece of pieces) stream.write(piece)
  stream.end()
}

const MODEL: ModelSpec = {
  name: 'example_model',
  version: null,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [4] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [4] }],
  maxBatchSize: null,
}

describe('against @grpc/grpc-js', () => {
  const echo = (batch: number) => (call: Infer, reply: Reply) =>
    reply(null, {
      model_name: call.request.model_name,
      outputs: [{ name: 'y', datatype: 'FP32', shape: [batch, 4] }],
      raw_output_contents: call.request.raw_input_contents,
    })

  it.each([
    ['a small message', 1],
    ['messages of 5 MB, both ways', 312_500],
  ])('answers %s, again and again, with the right values', async (_, batch) => {
    const codec = kserveGrpcCodec(MODEL, batch)
    const values = Float64Array.from({ length: 4 * batch }, (_, index) => index % 1000)
    const port = await grpcServer(echo(batch))
    const { ask } = client(port, { lanes: 2, bodies: [codec.encode([values])], path: codec.path })
    for (let round = 0; round < 3; round++) {
      for (const { outcome, body, text } of await Promise.all([ask(0), ask(1)])) {
        expect([outcome, text]).toEqual(['ok', ''])
        const bytes = Buffer.from(body ?? '', 'latin1')
        expect(codec.hasForm(bytes, 0, bytes.length, -1)).toBe(true)
        const decoded = codec.decode(bytes, 0, bytes.length, -1)
        expect(decoded).toEqual({ ok: true, outputs: [values] })
      }
    }
  })

  it('reports a status with its message', async () => {
    const port = await grpcServer((_, reply) => reply({ code: 3, details: 'batch-size must be ≤ 8, 100 %' }))
    const codec = kserveGrpcCodec(MODEL, 1)
    const { ask } = client(port, { bodies: [codec.encode([new Float64Array(4)])] })
    for (let round = 0; round < 2; round++) {
      expect(await ask(0)).toMatchObject({
        outcome: 'status',
        code: 3,
        text: 'INVALID_ARGUMENT: batch-size must be ≤ 8, 100 %',
      })
    }
  })

  it('reports a method that the server does not have as UNIMPLEMENTED', async () => {
    const { ask } = client(await grpcServer(echo(1)), { path: '/no.Service/Method' })
    expect(await ask(0)).toMatchObject({ outcome: 'status', code: 12 })
  })

  it('obeys a limit of 2 concurrent streams with 8 lanes, and lets every lane have its turn', async () => {
    let open = 0
    let most = 0
    const port = await grpcServer(
      (_, reply) => {
        most = Math.max(most, ++open)
        setTimeout(() => {
          open--
          reply(null, { model_name: 'm' })
        }, 2)
      },
      { 'grpc.max_concurrent_streams': 2 },
    )
    const codec = kserveGrpcCodec(MODEL, 1)
    const { ask, transport } = client(port, { lanes: 8, bodies: [codec.encode([new Float64Array(4)])] })
    await transport.open()
    const lanes = Array.from({ length: 8 }, async (_, lane) => {
      for (let round = 0; round < 5; round++) expect((await ask(lane)).outcome).toBe('ok')
    })
    await Promise.all(lanes)
    expect(most).toBe(2)
  })
})

describe('against node:http2', () => {
  it('sends the headers of a gRPC client, the same ones from the first request to the last', async () => {
    const seen: Record<string, unknown>[] = []
    const { port } = await http2Server((stream, body, headers) => {
      seen.push({ ...headers })
      answer(stream, [body])
    })
    const { ask } = client(port, { headers: { 'grpc-timeout': '10S' } })
    for (let round = 0; round < 3; round++) expect(await ask(0)).toMatchObject({ outcome: 'ok', body: 'question' })
    expect(seen[0]).toMatchObject({
      ':method': 'POST',
      ':scheme': 'http',
      ':path': '/inference.GRPCInferenceService/ModelInfer',
      ':authority': `127.0.0.1:${port}`,
      te: 'trailers',
      'content-type': 'application/grpc',
      'user-agent': 'dyno',
      'grpc-timeout': '10S',
    })
    expect(seen.slice(1)).toEqual([seen[0], seen[0]])
  })

  it.each([
    ['no header table', { headerTableSize: 0 }],
    ['a header table of 100 bytes', { headerTableSize: 100 }],
    ['a header table of 2,000 bytes', { headerTableSize: 2000 }],
    ['a window of 1 byte', { initialWindowSize: 1 }],
    ['a window of 7 bytes', { initialWindowSize: 7 }],
    ['large frames', { maxFrameSize: 2 ** 20 }],
  ])('gets along with %s', async (_, settings) => {
    const { port } = await http2Server((stream, body) => answer(stream, [body]), settings)
    const { ask } = client(port, { lanes: 3, bodies: [Buffer.from('question'), Buffer.from('another question')] })
    for (let round = 0; round < 4; round++) {
      const answers = await Promise.all([ask(0, 0), ask(1, 1), ask(2, 0)])
      expect(answers.map(({ body }) => body)).toEqual(['question', 'another question', 'question'])
    }
  })

  it('sends and receives messages larger than every window', async () => {
    const { port } = await http2Server((stream, body) => answer(stream, [body]))
    const large = Buffer.alloc(9_000_000, 'abcdefg')
    const { ask } = client(port, { lanes: 2, bodies: [large] })
    const [first, second] = await Promise.all([ask(0), ask(1)])
    expect(first?.body === large.toString() && second?.body === large.toString()).toBe(true)
    expect(first?.bytesSent).toBeGreaterThan(large.length)
    expect(first?.bytesReceived).toBeGreaterThan(large.length)
  })

  it.each([
    ['cut in its prefix', (whole: Buffer) => [whole.subarray(0, 2), whole.subarray(2, 7), whole.subarray(7)]],
    ['byte by byte', (whole: Buffer) => [...whole].map((byte) => Buffer.of(byte))],
  ])('puts a message together that comes %s', async (_, cut) => {
    const { port } = await http2Server((stream) => answer(stream, cut(grpcData('the answer'))))
    const { ask } = client(port)
    expect(await ask(0)).toMatchObject({ outcome: 'ok', body: 'the answer' })
  })

  it.each([
    ['no message', [], 'the answer has no message'],
    ['two messages', [grpcData('a'), grpcData('b')], 'the answer has more than one message'],
    ['half a message', [grpcData('abcdef').subarray(0, 8)], 'the message ends after 3 of 6 bytes'],
    ['a compressed message', [Buffer.of(1, 0, 0, 0, 1, 65)], 'the message is compressed, which was not asked for'],
  ])('reports an answer with %s', async (_, pieces, text) => {
    const { port } = await http2Server((stream) => answer(stream, pieces))
    const { ask } = client(port)
    expect(await ask(0)).toMatchObject({ outcome: 'bad-response', code: 0, text })
  })

  it('reports a message over the limit', async () => {
    const { port } = await http2Server((stream) => answer(stream, [grpcData('x'.repeat(101))]))
    const { ask } = client(port, {}, { maxMessageBytes: 100, lastStreamId: 2 ** 31 - 1 })
    expect((await ask(0)).text).toBe('the message has 101 bytes, over the limit of 100')
  })

  it.each([
    ['HTTP 503 as UNAVAILABLE', { ':status': 503 }, 'status', 14, 'UNAVAILABLE: HTTP status 503'],
    ['HTTP 404 as UNIMPLEMENTED', { ':status': 404 }, 'status', 12, 'UNIMPLEMENTED: HTTP status 404'],
    [
      'a page of HTML',
      { ':status': 200, 'content-type': 'text/html' },
      'bad-response',
      0,
      /"text\/html", not application/,
    ],
    [
      'trailers only',
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5', 'grpc-message': 'no such model' },
      'status',
      5,
      'NOT_FOUND: no such model',
    ],
    [
      'a wrong grpc-status',
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': 'x' },
      'bad-response',
      0,
      'the answer ended without a valid grpc-status',
    ],
  ])('reports %s', async (_, responseHeaders, outcome, code, text) => {
    const { port } = await http2Server((stream) => stream.respond(responseHeaders, { endStream: true }))
    const { ask } = client(port)
    expect(await ask(0)).toMatchObject({ outcome, code, text: expect.stringMatching(text) })
  })

  it('finishes open requests after a graceful GOAWAY, and opens a new connection for the next', async () => {
    let sessions = 0
    const { port, server } = await http2Server((stream, body) => {
      stream.session?.close()
      setTimeout(() => answer(stream, [body]), 10)
    })
    server.on('session', () => sessions++)
    const { ask } = client(port)
    expect((await ask(0)).outcome).toBe('ok')
    expect((await ask(0)).outcome).toBe('ok')
    expect(sessions).toBe(2)
  })

  it('opens a new connection when the stream ids are used up', async () => {
    let sessions = 0
    const { port, server } = await http2Server((stream, body) => answer(stream, [body]))
    server.on('session', () => sessions++)
    const { ask, transport } = client(port, { lanes: 2 }, { maxMessageBytes: 100, lastStreamId: 5 })
    await transport.open()
    for (let round = 0; round < 6; round++) {
      expect((await Promise.all([ask(0), ask(1)])).map(({ outcome }) => outcome)).toEqual(['ok', 'ok'])
    }
    expect(sessions).toBe(4)
  })

  it('spreads its lanes over its connections', async () => {
    let sessions = 0
    const { port, server } = await http2Server((stream, body) => answer(stream, [body]))
    server.on('session', () => sessions++)
    const { ask } = client(port, { lanes: 6, connections: 3 })
    await Promise.all(Array.from({ length: 6 }, (_, lane) => ask(lane)))
    expect(sessions).toBe(3)
  })
})
