// Engines against a server whose latency and faults are known, over both protocols.
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type FakeServer, type FakeServerOptions, startFakeServer } from '../testing/fake-inference-server.ts'
import { quantileOf } from '../testing/quantile-of.ts'
import { type CollectedPhase, runAndCollect } from '../testing/run-and-collect.ts'
import { startLoadThreads } from './load-threads.ts'
import { checkParity } from './parity.ts'
import { openTestSession } from './test-session.ts'
import type { LoadJob } from './types.ts'

const MODEL: LoadJob['model'] = {
  name: 'example_model',
  version: null,
  inputs: [{ name: 'keras_tensor', datatype: 'FP32', shape: [4] }],
  outputs: [{ name: 'output_0', datatype: 'FP32', shape: [1] }],
  maxBatchSize: 8,
}
const TARGETS = {
  flask: { api: 'flask', protocol: 'http', tensors: 'json' },
  'kserve-json': { api: 'kserve', protocol: 'http', tensors: 'json' },
  'kserve-binary': { api: 'kserve', protocol: 'http', tensors: 'binary' },
  'kserve-grpc': { api: 'kserve', protocol: 'grpc', tensors: 'binary' },
  'kserve-stream': { api: 'kserve', protocol: 'grpc', tensors: 'binary', streaming: true },
} as const

let server: FakeServer | undefined
afterEach(() => server?.close())

interface Wanted {
  readonly target?: keyof typeof TARGETS
  readonly engine?: LoadJob['target']['engine']
  readonly load?: LoadJob['trial']['load']
  readonly timeoutMs?: number
  readonly batchSize?: number
}

function jobFor(
  fake: FakeServer,
  { target = 'flask', engine = 'native', load, timeoutMs = 500, batchSize = 4 }: Wanted,
): LoadJob {
  const kind = TARGETS[target]
  const closed = { model: 'closed', concurrency: 2, connections: 2 } as const
  return {
    trial: { id: 't', target, batchSize, load: load ?? closed, warmupMs: 0, durationMs: 0, timeoutMs, repetition: 1 },
    target: { name: target, server: 's', engine, streaming: false, ...kind },
    model: MODEL,
    address: kind.protocol === 'grpc' ? fake.grpcAddress : fake.url,
    tls: null,
    seed: 42,
    variants: 64,
    verify: { absolute: 1e-6, relative: 1e-6, every: 5 },
    expected: null,
    polls: false,
    share: { index: 0, of: 1 },
  }
}

async function load(options: FakeServerOptions, wanted: Wanted = {}, durationMs = 200): Promise<CollectedPhase> {
  server = await startFakeServer(options)
  const session = await openTestSession(jobFor(server, wanted))
  try {
    return await runAndCollect(session, durationMs)
  } finally {
    await session.close()
  }
}

function p50Ms({ columns }: CollectedPhase): number {
  return (
    quantileOf(
      columns.receivedNs.map((ns, row) => ns - (columns.scheduledNs[row] ?? 0)),
      0.5,
    ) / 1e6
  )
}

describe('a session', () => {
  it.each(Object.keys(TARGETS) as (keyof typeof TARGETS)[])(
    'of %s measures a known latency, and counts as the server does',
    async (target) => {
      const result = await load({ latencyMs: 10 }, { target })
      expect(result.errors).toEqual({})
      expect(result.columns.length).toBe(server?.requests())
      expect(p50Ms(result)).toBeGreaterThan(9.5)
      // The fake's own timer is late by up to 1 ms, and the machine is shared.
      expect(p50Ms(result)).toBeLessThan(14)
      expect(result.client.bytesSent).toBeGreaterThan(result.columns.length * 50)
    },
  )

  it.each<[FakeServerOptions, keyof typeof TARGETS, string]>([
    [{ status: 503 }, 'flask', 'status:503'],
    [{ status: 503 }, 'kserve-grpc', 'grpc:14'],
    [{ garbage: true }, 'kserve-json', 'bad-response'],
    [{ garbage: true }, 'kserve-grpc', 'bad-response'],
    [{ garbage: true }, 'kserve-stream', 'bad-response'],
    [{ status: 503 }, 'kserve-stream', 'grpc:14'],
    [{ silent: true }, 'kserve-stream', 'timeout'],
    [{ empty: true }, 'flask', 'bad-response'],
    [{ empty: true }, 'kserve-binary', 'bad-response'],
    [{ empty: true }, 'kserve-grpc', 'bad-response'],
    [{ silent: true }, 'flask', 'timeout'],
    [{ silent: true }, 'kserve-grpc', 'timeout'],
  ])('counts %j over %s as %s, and ends in time', async (options, target, kind) => {
    const startedMs = performance.now()
    const result = await load(options, { target, timeoutMs: 150 }, 150)
    expect(Object.keys(result.errors)).toEqual([kind])
    expect(result.errorExamples.length).toBeGreaterThan(0)
    expect(performance.now() - startedMs).toBeLessThan(3000)
  })

  it('goes on through refused connections, without spinning, when the server dies', async () => {
    const result = await load({ dieAfter: 20 }, {}, 400)
    expect(result.errors.connect).toBeGreaterThan(0)
    expect(result.columns.length).toBeLessThan(200)
  })

  it('reconnects to a server that closes after each answer, and fails nothing', async () => {
    const result = await load({ closeAfterEach: true, latencyMs: 5 })
    expect(result.errors).toEqual({})
    // The first two were open already; the time to make the others is part of their latency, and told apart.
    expect(result.connects.made).toBeGreaterThanOrEqual(result.answered - 2)
    expect(result.connects.p50Ms).toBeGreaterThan(0)
    expect(result.connects.p50Ms).toBeLessThan(p50Ms(result))
    expect(p50Ms(result)).toBeLessThan(12)
  })

  it('says how many requests waited for a stream where the server allows few', async () => {
    server = await startFakeServer({ latencyMs: 2, mostStreams: 2 })
    const crowded = { model: 'closed', concurrency: 6, connections: 1 } as const
    const session = await openTestSession(jobFor(server, { target: 'kserve-grpc', load: crowded }))
    const result = await runAndCollect(session, 200)
    await session.close()
    expect(result.errors).toEqual({})
    expect(result.streamWaits).toBeGreaterThan(result.answered / 2)
    expect(result.streamWaits).toBeLessThanOrEqual(result.answered)
    // Six share two streams of 2 ms: the waiting is in the latency.
    expect(p50Ms(result)).toBeGreaterThan(4)
  })

  it('counts the times of a warm-up from its start, over both of its parts', async () => {
    server = await startFakeServer({ latencyMs: 2 })
    const session = await openTestSession(jobFor(server, {}))
    const dueMs: number[] = []
    await session.run(
      { name: 'warmup', durationMs: 300, startsAtNs: null },
      { onProgress() {}, onRecords: ({ scheduledNs }) => dueMs.push(...scheduledNs.map((ns) => ns / 1e6)) },
    )
    await session.close()
    // The first part takes 75 ms.
    // Answers that come in together may be told in another order; a second part that counted anew would go back further.
    for (const [index, ms] of dueMs.entries()) expect(ms).toBeGreaterThan((dueMs[index - 1] ?? 0) - 20)
    expect(dueMs.filter((ms) => ms < 75).length).toBeGreaterThan(dueMs.length / 10)
    expect(dueMs.filter((ms) => ms < 75).length).toBeLessThan(dueMs.length / 2)
    expect(dueMs.at(-1)).toBeGreaterThan(250)
  })

  it('counts what is in flight as censored when it is cut off', async () => {
    server = await startFakeServer({ silent: true })
    const cut = new AbortController()
    const session = await openTestSession(jobFor(server, { timeoutMs: 10_000 }), cut.signal)
    setTimeout(() => cut.abort(), 100)
    const result = await runAndCollect(session, 5000)
    await session.close()
    expect(result).toMatchObject({ censored: 2, answered: 0, errors: {} })
    expect(result.columns.outcome).toEqual(Uint8Array.of(6, 6))
    expect(p50Ms(result)).toBeGreaterThan(80)
    expect(result.windowNs).toBeLessThan(2e9)
  })

  it('offers a rate in the open loop, measured from the due times', async () => {
    const model = {
      model: 'open',
      requestRate: 200,
      profile: null,
      distribution: 'constant',
      maxInFlight: 20,
      connections: 20,
    } as const
    const result = await load({ latencyMs: 3 }, { load: model }, 500)
    expect(result.columns.length).toBe(100)
    expect(result.dropped).toBe(0)
  })
})

describe('the reference engines', () => {
  it.each([
    ['autocannon', 'flask'],
    ['grpc-js', 'kserve-grpc'],
  ] as const)('%s agrees with the native engine about %s with a known latency', async (engine, target) => {
    const reference = await load({ latencyMs: 15 }, { target, engine }, 400)
    await server?.close()
    const native = await load({ latencyMs: 15 }, { target }, 400)
    expect(reference.errors).toEqual({})
    expect(reference.columns.length).toBeGreaterThan(20)
    expect(Math.abs(p50Ms(reference) - p50Ms(native))).toBeLessThan(3)
  })

  it('autocannon measures a closing server as it is, thanks to its mend', async () => {
    const result = await load({ closeAfterEach: true, latencyMs: 20 }, { engine: 'autocannon' }, 600)
    expect(p50Ms(result)).toBeGreaterThan(19)
    expect(p50Ms(result)).toBeLessThan(35)
  })
})

describe('the load worker', () => {
  it('does the same in a thread of its own, one session after the other', async () => {
    server = await startFakeServer({ latencyMs: 2 })
    const worker = startLoadThreads(1)
    const signal = new AbortController().signal
    try {
      for (const target of ['flask', 'kserve-grpc'] as const) {
        const session = await worker.open(jobFor(server, { target }), signal)
        const progress: number[] = []
        const result = await runAndCollect(session, 600, ({ completed }) => progress.push(completed))
        await session.close()
        expect(result.columns.receivedNs.length).toBe(result.columns.length)
        expect(result.columns.length).toBeGreaterThan(100)
        expect(result.client.cpuMs).toBeGreaterThan(0)
        expect(progress.length).toBeGreaterThanOrEqual(2)
      }
    } finally {
      await worker.close()
    }
  })

  it.each(['closed', 'open'] as const)('shares a %s loop with others: everything is counted once', async (model) => {
    server = await startFakeServer({ latencyMs: 2 })
    const threads = startLoadThreads(3)
    const slots = { connections: 7 }
    const loads = {
      closed: { model: 'closed', concurrency: 7, ...slots },
      open: { model: 'open', requestRate: 500, profile: null, distribution: 'constant', maxInFlight: 7, ...slots },
    } as const
    try {
      const session = await threads.open(jobFor(server, { load: loads[model] }), new AbortController().signal)
      const result = await runAndCollect(session, 400)
      await session.close()
      expect(result.errors).toEqual({})
      expect(result.columns.length).toBe(server.requests())
      expect(result.answered).toBe(server.requests())
      expect(result.client.threads).toBe(3)
      expect(server.connections()).toBe(7)
      if (model === 'closed') return
      expect(result.answered + result.dropped).toBe(200)
      // One arrival every 2 ms, whichever thread sent it, counted from the same instant.
      const due = [...result.columns.scheduledNs].sort((one, other) => one - other)
      const from = due[0] ?? 0
      for (const ns of due) expect(Math.abs((ns - from) / 2e6 - Math.round((ns - from) / 2e6))).toBeLessThan(0.01)
    } finally {
      await threads.close()
    }
  })

  it.each(['native', 'autocannon', 'grpc-js'] as const)('ends by itself after a session of %s', async (engine) => {
    const torn = vi.spyOn(Worker.prototype, 'terminate')
    onTestFinished(() => torn.mockRestore())
    server = await startFakeServer({ latencyMs: 2 })
    const threads = startLoadThreads(2)
    const target = engine === 'grpc-js' ? 'kserve-grpc' : 'flask'
    const session = await threads.open(jobFor(server, { engine, target }), new AbortController().signal)
    await runAndCollect(session, 200)
    await session.close()
    await threads.close()
    expect(torn).not.toHaveBeenCalled()
  })

  it('hands on what went wrong, and can be used again', async () => {
    server = await startFakeServer({})
    const worker = startLoadThreads(1)
    const signal = new AbortController().signal
    try {
      const impossible = { model: 'closed', concurrency: 2, connections: 1 } as const
      await expect(worker.open(jobFor(server, { load: impossible }), signal)).rejects.toThrow('connection a lane')
      const session = await worker.open(jobFor(server, {}), signal)
      expect(await session.probe()).toHaveLength(64)
      await session.close()
    } finally {
      await worker.close()
    }
  })
})

describe('the agreement check', () => {
  it('finds the target, the request and the values that differ, and asks the others all the same', async () => {
    const good = await startFakeServer({})
    server = await startFakeServer({ offset: 0.25 })
    const wrong = server
    const { results, expected } = await checkParity({
      reference: 'flask',
      targets: ['flask', 'kserve-json', 'kserve-grpc'],
      batchSizes: [1, 4],
      model: jobFor(good, {}).model,
      verify: { absolute: 1e-5, relative: 1e-5, every: 1 },
      budgetMs: () => 10_000,
      inFlight: 1,
      onTarget: () => {},
      open: (target, batchSize) =>
        openTestSession(jobFor(target === 'kserve-json' ? wrong : good, { target: target as 'flask', batchSize })),
    })
    await good.close()
    expect(results.map(({ target, batchSize, ok }) => [target, batchSize, ok])).toEqual([
      ['flask', 1, true],
      ['kserve-json', 1, false],
      ['kserve-grpc', 1, true],
      ['flask', 4, true],
      ['kserve-json', 4, false],
      ['kserve-grpc', 4, true],
    ])
    expect(results[1]?.reason).toMatch(
      /kserve-json at batch size 1, request 0, output output_0\[0\]: \S+ instead of \S+/,
    )
    expect(results[1]?.maxAbsDifference).toBeCloseTo(0.25)
    expect(expected.get(4)?.length).toBe(64)
  })
})
