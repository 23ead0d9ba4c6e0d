// Both native transports over TLS, against Node's own https and http2 servers.
import { once } from 'node:events'
import {
  createServer as createPlainServer,
  createSecureServer,
  type Http2SecureServer,
  type Http2Server,
} from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { TlsSettings } from '../core/tls.ts'
import { makeCertificates } from '../testing/certificates.ts'
import { startTlsFront } from '../testing/tls-front.ts'
import { testClient as grpcTestClient } from './grpc-test-client.ts'
import { testClient as httpTestClient, rawServer } from './http-test-client.ts'
import type { TransportOptions } from './transport.ts'

const { caPem, certPem, keyPem, otherCaPem } = makeCertificates()
const SERVER = { key: keyPem, cert: certPem }
const SERVER_PEMS = { keyPem, certPem }
const ALPN = ['h2', 'http/1.1']
const TRUSTED: TlsSettings = { caPem, serverName: null, verify: true }

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Answers with the length of the request's body and so many bytes. */
async function httpsServer(answerBytes = 10): Promise<number> {
  const server = createHttpsServer(SERVER, (request, response) => {
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    request.on('end', () => response.end(`${bytes} `.padEnd(answerBytes, 'x')))
  })
  return await listening(server)
}

async function plainHttp(): Promise<number> {
  const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'
  return (await rawServer((socket) => void socket.write(answer))).port
}

async function plainEcho(): Promise<number> {
  return await listening(echoServer(createPlainServer()))
}

/** A gRPC server that echoes the message. */
function echoServer<Server extends Http2Server | Http2SecureServer>(server: Server): Server {
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('error', () => stream.destroy())
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      expect(headers[':scheme']).toBe('https')
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(Buffer.concat(chunks))
    })
  })
  return server
}

function grpcClient(port: number, options: Partial<TransportOptions>) {
  const client = grpcTestClient(port, options)
  onTestFinished(() => client.transport.close())
  return client
}

describe.each([
  ['http', httpsServer],
  ['grpc', () => listening(echoServer(createSecureServer(SERVER)))],
] as const)('%s over TLS', (protocol, start) => {
  /** One request; the text is empty where it succeeded. */
  async function outcomeOf(port: number, tls: TlsSettings, host = '127.0.0.1') {
    if (protocol === 'grpc') {
      const { outcome, text } = await grpcClient(port, { host, tls, connectTimeoutMs: 1000 }).ask(0)
      return { outcome, text }
    }
    const client = httpTestClient(port, { host, tls, connectTimeoutMs: 1000 })
    const { outcome } = await client.ask()
    return { outcome, text: client.texts.at(-1) ?? '' }
  }

  it.each<[string, TlsSettings, string]>([
    ['its CA, and its address in the certificate', TRUSTED, '127.0.0.1'],
    ['its CA, and its name in the certificate', TRUSTED, 'localhost'],
    ['its own certificate as the CA', { ...TRUSTED, caPem: certPem }, '127.0.0.1'],
    ['another name that its certificate bears', { ...TRUSTED, serverName: 'dyno.test' }, '127.0.0.1'],
    ['no verification', { ...TRUSTED, caPem: null, verify: false }, '127.0.0.1'],
    ['no verification and a wrong name', { caPem: otherCaPem, serverName: 'no.test', verify: false }, '127.0.0.1'],
  ])('answers with %s', async (_, tls, host) => {
    expect(await outcomeOf(await start(), tls, host)).toEqual({ outcome: 'ok', text: '' })
  })

  it.each<[string, TlsSettings, RegExp]>([
    ['another CA', { ...TRUSTED, caPem: otherCaPem }, /not trusted: .*; give the file of its CA as tls\.ca, or set/],
    ['the system’s CAs', { ...TRUSTED, caPem: null }, /not trusted: .*; give the file of its CA as tls\.ca, or set/],
    ['a name that is not its', { ...TRUSTED, serverName: 'no.test' }, /another name: .*dyno\.test.* tls\.serverName/],
  ])('fails to connect with %s, and says what to do', async (_, tls, text) => {
    expect(await outcomeOf(await start(), tls)).toEqual({
      outcome: 'connect',
      text: expect.stringMatching(text) as string,
    })
  })

  it('says that a plain port is one', async () => {
    // It answers whatever comes: the bytes of a handshake are random.
    const port = await listening(
      createServer((socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
    )
    const { outcome, text } = await outcomeOf(port, TRUSTED)
    expect(outcome).toBe('connect')
    expect(text).toContain('the port does not speak TLS; write its address without https')
  })

  it('says that the server speaks another protocol', async () => {
    const other = protocol === 'grpc' ? 'http/1.1' : 'h2'
    const port = await listening(createTlsServer({ ...SERVER, ALPNProtocols: [other] }))
    const { outcome, text } = await outcomeOf(port, TRUSTED)
    expect(outcome).toBe('connect')
    const name = protocol === 'grpc' ? 'HTTP/2' : 'HTTP/1.1'
    expect(text).toContain(`the server does not speak ${name} over TLS (ALPN)`)
  })

  it('gives up a handshake that never ends, however much of it comes', async () => {
    const server = createServer((socket) => {
      // A record of 16 KiB, a byte at a time.
      socket.write(Buffer.of(22, 3, 3, 64, 0))
      const timer = setInterval(() => socket.write(Buffer.of(2)), 20)
      socket.on('close', () => clearInterval(timer))
    })
    const startedMs = performance.now()
    expect((await outcomeOf(await listening(server), TRUSTED)).outcome).toBe('connect')
    expect(performance.now() - startedMs).toBeLessThan(2500)
  })

  it('connects again to a server that was restarted, and knows no earlier session', async () => {
    const plain = protocol === 'grpc' ? await plainEcho() : await plainHttp()
    const first = await startTlsFront(SERVER_PEMS, plain, ALPN)
    const ask = asker(first.port)
    expect(await ask()).toBe('ok')
    await first.close()
    // The connection's end may be seen before the next request or after it.
    await ask()
    expect(await ask()).toBe('connect')
    const second = await startTlsFront(SERVER_PEMS, plain, ALPN, first.port)
    onTestFinished(() => second.close())
    expect(await ask()).toBe('ok')
    expect(second.handshakes()).toEqual({ all: 1, resumed: 0 })
  })

  function asker(port: number): () => Promise<string> {
    if (protocol === 'http') {
      const client = httpTestClient(port, { tls: TRUSTED })
      return async () => (await client.ask()).outcome
    }
    const client = grpcClient(port, { tls: TRUSTED })
    return async () => (await client.ask(0)).outcome
  }
})

describe('http over TLS', () => {
  it('carries large bodies in both directions', async () => {
    const port = await httpsServer(3_000_000)
    const client = httpTestClient(port, { tls: TRUSTED, lanes: 2, bodies: [Buffer.alloc(5_000_000, 'q')] })
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all([client.ask(0, 0), client.ask(0, 1)])
      for (const { outcome, body } of answers) {
        expect(outcome).toBe('ok')
        expect(body?.length).toBe(3_000_000)
        expect(body?.startsWith('5000000 xx')).toBe(true)
      }
    }
  })

  it('reads answers that come byte by byte, each in a record of its own', async () => {
    const server = createTlsServer(SERVER, (socket) => {
      socket.setNoDelay(true)
      socket.on('data', async () => {
        for (const byte of Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello')) {
          await new Promise((resolve) => socket.write(Buffer.of(byte), resolve))
        }
      })
    })
    const client = httpTestClient(await listening(server), { tls: TRUSTED })
    for (let round = 0; round < 3; round++) expect(await client.ask()).toMatchObject({ outcome: 'ok', body: 'hello' })
  })

  it('keeps its connections, and resumes the session where the server closes them', async () => {
    const { port } = await rawServer((socket, count) => {
      const closing = count === 5
      const text = `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n${closing ? 'connection: close\r\n' : ''}\r\nhi`
      if (closing) socket.end(text)
      else socket.write(text)
    })
    const front = await startTlsFront(SERVER_PEMS, port, null)
    onTestFinished(() => front.close())
    const client = httpTestClient(front.port, { tls: TRUSTED, host: 'localhost' })
    for (let round = 0; round < 20; round++) expect((await client.ask()).outcome).toBe('ok')
    expect(front.handshakes()).toEqual({ all: 4, resumed: 3 })
    // Also when the address is known, and no name is looked up any more.
    expect(front.names).toEqual(['localhost', 'localhost', 'localhost', 'localhost'])
  })

  it('never resumes what it refused', async () => {
    const front = await startTlsFront(SERVER_PEMS, 1, null)
    onTestFinished(() => front.close())
    const client = httpTestClient(front.port, { tls: { ...TRUSTED, serverName: 'no.test' } })
    for (let round = 0; round < 3; round++) expect((await client.ask()).outcome).toBe('connect')
    expect(front.handshakes().resumed).toBe(0)
  })

  it('asks for no name where the host is an address', async () => {
    const { port } = await rawServer((socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
    const front = await startTlsFront(SERVER_PEMS, port, null)
    onTestFinished(() => front.close())
    await httpTestClient(front.port, { tls: TRUSTED }).ask()
    expect(front.names).toEqual([false])
  })

  it('sends a request at once, while the one before is still on its way through the socket', async () => {
    const port = await httpsServer()
    const lanes = 8
    const client = httpTestClient(port, { tls: TRUSTED, lanes })
    // Written within setImmediate, as the open loop does: TLS tells of such a write a turn later.
    for (let round = 0; round < 50; round++) {
      await new Promise(setImmediate)
      const answers = await Promise.all(Array.from({ length: lanes }, (_, lane) => client.ask(round % 2, lane)))
      for (const { outcome } of answers) expect(outcome).toBe('ok')
    }
  })
})

describe('gRPC over TLS', () => {
  it('carries large messages and many at once over one connection', async () => {
    let connections = 0
    const server = echoServer(createSecureServer(SERVER))
    server.on('secureConnection', () => connections++)
    const bodies = [Buffer.alloc(1_000_000, 'a'), Buffer.from('b'), Buffer.alloc(20_000, 'c')]
    const { ask } = grpcClient(await listening(server), { tls: TRUSTED, lanes: 16, bodies })
    for (let round = 0; round < 4; round++) {
      const asked = Array.from({ length: 16 }, (_, lane) => (lane + round) % 3)
      const answers = await Promise.all(asked.map((request, lane) => ask(lane, request)))
      for (const [lane, { outcome, body }] of answers.entries()) {
        expect(outcome).toBe('ok')
        expect(body === bodies[asked[lane] ?? 0]?.toString()).toBe(true)
      }
    }
    expect(connections).toBe(1)
  })

  it('reads answers that come byte by byte, each in a record of its own', async () => {
    const plain = await plainEcho()
    const server = createTlsServer({ ...SERVER, ALPNProtocols: ['h2'] }, (front) => {
      const back = connect(plain, '127.0.0.1')
      front.setNoDelay(true)
      front.pipe(back)
      front.on('close', () => back.destroy())
      back.on('data', (bytes) => {
        for (const byte of bytes) front.write(Buffer.of(byte))
      })
    })
    const { ask } = grpcClient(await listening(server), { tls: TRUSTED })
    for (let round = 0; round < 3; round++) expect(await ask(0)).toMatchObject({ outcome: 'ok', body: 'question' })
  })

  it('is refused by a server that knows no ALPN', async () => {
    const port = await listening(createTlsServer(SERVER))
    const { outcome, text } = await grpcClient(port, { tls: TRUSTED }).ask(0)
    expect(outcome).toBe('connect')
    expect(text).toBe('the server does not speak HTTP/2 over TLS (ALPN); correct the address')
  })
})
