// Whole sessions over TLS, with every engine that has it: probes, load, and servers that close their connections.
import { describe, expect, it, onTestFinished } from 'vitest'
import type { TlsSettings } from '../core/tls.ts'
import { makeCertificates } from '../testing/certificates.ts'
import { type FakeServerOptions, startFakeServer } from '../testing/fake-inference-server.ts'
import { runAndCollect } from '../testing/run-and-collect.ts'
import { startTlsFront, type TlsFront } from '../testing/tls-front.ts'
import { startLoadThreads } from './load-threads.ts'
import { hostAndPort } from './native-session.ts'
import { openSession } from './sessions.ts'
import type { LoadJob } from './types.ts'

const certificates = makeCertificates()
const TRUSTED: TlsSettings = { caPem: certificates.caPem, serverName: null, verify: true }
const TARGETS = {
  'http json': { protocol: 'http', tensors: 'json', streaming: false, engine: 'native' },
  'http binary': { protocol: 'http', tensors: 'binary', streaming: false, engine: 'native' },
  grpc: { protocol: 'grpc', tensors: 'binary', streaming: false, engine: 'native' },
  'grpc streaming': { protocol: 'grpc', tensors: 'binary', streaming: true, engine: 'native' },
  'grpc-js': { protocol: 'grpc', tensors: 'binary', streaming: false, engine: 'grpc-js' },
} as const

async function frontOf(options: FakeServerOptions, { protocol }: { protocol: 'http' | 'grpc' }): Promise<TlsFront> {
  const fake = await startFakeServer(options)
  const { port } = hostAndPort(protocol === 'grpc' ? fake.grpcAddress : fake.url)
  const front = await startTlsFront(certificates, port, protocol === 'grpc' ? ['h2'] : ['http/1.1'])
  onTestFinished(async () => {
    await front.close()
    await fake.close()
  })
  return front
}

function jobFor(front: TlsFront, kind: keyof typeof TARGETS, tls: TlsSettings = TRUSTED): LoadJob {
  return {
    trial: {
      id: 't',
      target: 't',
      batchSize: 4,
      load: { model: 'closed', concurrency: 2, connections: 2 },
      warmupMs: 0,
      durationMs: 0,
      timeoutMs: 2000,
      repetition: 1,
    },
    target: { name: 't', server: 's', api: 'kserve', ...TARGETS[kind] },
    model: {
      name: 'example_model',
      version: null,
      inputs: [{ name: 'keras_tensor', datatype: 'FP32', shape: [4] }],
      outputs: [{ name: 'output_0', datatype: 'FP32', shape: [1] }],
      maxBatchSize: 8,
    },
    address: `https://localhost:${front.port}`,
    tls,
    seed: 42,
    variants: 64,
    verify: { absolute: 1e-6, relative: 1e-6, every: 5 },
    expected: null,
    polls: false,
    share: { index: 0, of: 1 },
  }
}

const KINDS = Object.keys(TARGETS) as (keyof typeof TARGETS)[]

describe('a session over TLS', () => {
  it.each(KINDS)('of %s probes and measures as without it, on as many connections', async (kind) => {
    const front = await frontOf({ latencyMs: 5 }, TARGETS[kind])
    const session = await openSession(jobFor(front, kind), new AbortController().signal)
    expect((await session.probe()).every((answer) => answer?.ok)).toBe(true)
    const result = await runAndCollect(session, 200)
    await session.close()
    expect(result.errors).toEqual({})
    expect(result.columns.length).toBeGreaterThan(10)
    expect(front.handshakes().all).toBe(2)
  })

  it.each(KINDS)('of %s fails to connect where the certificate is refused', async (kind) => {
    const front = await frontOf({}, TARGETS[kind])
    const job = jobFor(front, kind, { ...TRUSTED, caPem: certificates.otherCaPem })
    const session = await openSession(job, new AbortController().signal)
    const result = await runAndCollect(session, 100)
    await session.close()
    expect(Object.keys(result.errors)).toEqual(['connect'])
    expect(result.errorExamples.join()).toMatch(/certificate/)
  })

  it('reaches a server under another name, with grpc-js as well', async () => {
    for (const kind of ['grpc', 'grpc-js'] as const) {
      const front = await frontOf({}, TARGETS[kind])
      const job = { ...jobFor(front, kind, { ...TRUSTED, serverName: 'dyno.test' }) }
      const session = await openSession(job, new AbortController().signal)
      expect((await runAndCollect(session, 50)).errors).toEqual({})
      await session.close()
      expect(new Set(front.names)).toEqual(new Set(['dyno.test']))
    }
  })

  it.each(['http json', 'grpc'] as const)('of %s resumes its session where the server closes', async (kind) => {
    const front = await frontOf({ closeAfterEach: true, latencyMs: 2 }, TARGETS[kind])
    const session = await openSession(jobFor(front, kind), new AbortController().signal)
    const result = await runAndCollect(session, 200)
    await session.close()
    expect(result.errors).toEqual({})
    const { all, resumed } = front.handshakes()
    expect(all).toBeGreaterThan(10)
    expect(resumed).toBeGreaterThanOrEqual(all - 4)
  })

  it('runs in a load thread', async () => {
    const front = await frontOf({ latencyMs: 2 }, TARGETS.grpc)
    const threads = startLoadThreads(2)
    try {
      const session = await threads.open(jobFor(front, 'grpc'), new AbortController().signal)
      const result = await runAndCollect(session, 200)
      await session.close()
      expect(result.errors).toEqual({})
      expect(result.columns.length).toBeGreaterThan(10)
    } finally {
      await threads.close()
    }
  })
})

it.each([
  ['https://h', 'h', 443],
  ['https://h:8443', 'h', 8443],
  ['http://h', 'h', 80],
  ['h:9001', 'h', 9001],
  ['https://[::1]', '[::1]', 443],
])('takes from %s the host %s and the port %i', (address, host, port) => {
  expect(hostAndPort(address)).toEqual({ host, port })
})
