import { describe, expect, it } from 'vitest'
import { CLOSED, closedLoop, type MadeRequest, makeMeasurement } from './measurement-fixture.ts'
import type { Floor } from './run-document.ts'
import { cellSchema } from './run-document.ts'
import { summarise } from './summarise.ts'

const KEY = { target: 'flask', batchSize: 4, load: CLOSED }
const OPEN = {
  model: 'open',
  requestRate: 100,
  profile: null,
  distribution: 'poisson',
  maxInFlight: 8,
  connections: 8,
} as const

/** One request every 10 ms with the same latency. */
const every10ms = (count: number, latencyMs: number): MadeRequest[] =>
  Array.from({ length: count }, (_, index) => ({ dueMs: index * 10, receivedMs: index * 10 + latencyMs }))

const codes = (problems: readonly { readonly code: string }[]) => problems.map(({ code }) => code)

function finiteNumbers(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value !== 'object' || value === null || Object.values(value).every(finiteNumbers)
}

describe('the summary of a cell', () => {
  it('pools the repetitions exactly, from the due time and from the sent time', () => {
    const first = Array.from({ length: 6 }, (_, index) => ({
      dueMs: index,
      sentMs: index + 0.5,
      receivedMs: index + 1 + index,
    }))
    const second = Array.from({ length: 5 }, (_, index) => ({
      dueMs: index,
      sentMs: index + 0.5,
      receivedMs: index + 11,
    }))
    const { cell } = summarise(
      KEY,
      [makeMeasurement({ requests: first }), makeMeasurement({ requests: second, repetition: 2 })],
      null,
    )
    expect(cell.latencyMs.p50?.value).toBe(6)
    expect(cell.serviceMs.p50?.value).toBe(5.5)
    expect(cell.latencyMs.mean?.value).toBeCloseTo(76 / 11, 12)
    expect(cell.latencyMs.min).toEqual({ value: 1, low: 1, high: 1 })
    expect(cell.latencyMs.max).toEqual({ value: 11, low: 11, high: 11 })
    expect(cell.sendLagMs).toEqual({ p50: 0.5, p99: 0.5, max: 0.5 })
    expect(cell.repetitions).toBe(2)
  })

  it('counts every request of the windows as throughput, over the time until the last answer', () => {
    const requests = [...every10ms(10, 5), { dueMs: 95, receivedMs: 105 }]
    const { cell } = summarise(
      KEY,
      [makeMeasurement({ requests, windowMs: 100 }), makeMeasurement({ requests, windowMs: 100, repetition: 2 })],
      null,
    )
    expect(cell.counts.completed).toBe(22)
    expect(cell.requestsPerSec?.value).toBeCloseTo(11 / 0.105, 9)
    expect(cell.inferencesPerSec?.value).toBeCloseTo(44 / 0.105, 9)
    expect(cell.inferencesPerSec?.high).toBeCloseTo(4 * (cell.requestsPerSec?.high ?? 0), 9)
  })

  it('has no p99 whose interval reaches below the median', () => {
    const latenciesMs = (excursionMs: number) =>
      Array.from({ length: 800 }, (_, index) => (index % 90 === 0 ? excursionMs : 0.6))
    const measurements = [1, 1.2, 40, 1, 90].map((excursionMs, index) =>
      makeMeasurement({ ...closedLoop(latenciesMs(excursionMs)), repetition: index + 1 }),
    )
    const { p50, p90, p99 } = summarise(KEY, measurements, null).cell.latencyMs
    expect(p99?.low).toBeGreaterThanOrEqual(p50?.value ?? Number.NaN)
    expect(p99?.low).toBeLessThanOrEqual(p99?.value ?? Number.NaN)
    expect(p90?.low).toBeLessThanOrEqual(p90?.value ?? Number.NaN)
  })

  it('keeps failed requests out of the latencies and in the counts', () => {
    const failed = { dueMs: 1, receivedMs: 500, outcome: 'status' } as const
    const { cell } = summarise(
      KEY,
      [
        makeMeasurement({
          requests: [...every10ms(20, 2), failed],
          censored: 3,
          dropped: 2,
          delayed: 1,
          errors: { 'status:503': 1 },
          errorExamples: ['status: 503 busy'],
        }),
        makeMeasurement({ repetition: 2, requests: [failed], errors: { 'status:503': 1, timeout: 0 } }),
      ],
      null,
    )
    expect(cell.counts).toEqual({ sent: 25, completed: 20, failed: 2, dropped: 2, delayed: 1, censored: 3 })
    expect(cell.latencyMs.max?.value).toBe(2)
    expect(cell.errors).toEqual({ 'status:503': 2, timeout: 0 })
    const problem = cell.problems.find(({ code }) => code === 'error-rate')
    expect(problem?.message).toContain('2 of 22')
    expect(problem?.message).toContain('status: 503 busy')
  })

  it('weights the server’s means by requests and its batch by executions', () => {
    const server = { failures: 0, inferences: 0, computeInputMs: null, computeInferMs: 1, computeOutputMs: null }
    const { cell } = summarise(
      KEY,
      [
        makeMeasurement({ server: { ...server, requests: 100, executions: 10, queueMs: 1, meanExecutedBatch: 8 } }),
        makeMeasurement({ server: { ...server, requests: 300, executions: 30, queueMs: 5, meanExecutedBatch: 4 } }),
      ],
      null,
    )
    expect(cell.server).toMatchObject({
      requests: 400,
      queueMs: 4,
      computeInferMs: 1,
      computeInputMs: null,
      meanExecutedBatch: 5,
    })
  })

  it('divides the client’s CPU by every request that was answered', () => {
    const client = {
      threads: 1,
      polled: false,
      cpuMs: 10,
      cpuFraction: 0.1,
      eventLoopDelayP99Ms: 1,
      bytesSent: 7,
      bytesReceived: 9,
    }
    const { cell } = summarise(KEY, [makeMeasurement({ client, requests: every10ms(20, 1) })], null)
    expect(cell.client).toEqual({
      threads: 1,
      polled: false,
      floor: null,
      cpuUsPerRequest: 500,
      cpuFraction: 0.1,
      eventLoopDelayP99Ms: 1,
      bytesSent: 7,
      bytesReceived: 9,
    })
  })

  it.each([
    ['no measurement at all', []],
    [
      'a trial that could not be run',
      [makeMeasurement({ windowMs: 0, faults: [{ code: 'not-run', message: 'refused' }] })],
    ],
    [
      'a window without requests',
      [
        makeMeasurement({
          client: {
            threads: 1,
            polled: false,
            cpuMs: 1,
            cpuFraction: 0,
            eventLoopDelayP99Ms: 0,
            bytesSent: 0,
            bytesReceived: 0,
          },
        }),
      ],
    ],
    ['only failures', [makeMeasurement({ requests: [{ dueMs: 0, receivedMs: 1, outcome: 'timeout' }] })]],
    ['a single request', [makeMeasurement({ requests: [{ dueMs: 0, receivedMs: 0 }] })]],
  ])('has nulls and zeros and never NaN for %s', (_, measurements) => {
    const { cell } = summarise(KEY, measurements, null)
    expect(cell.latencyMs.p50).toBeNull()
    expect(finiteNumbers(cell)).toBe(true)
    expect(cellSchema.safeParse(cell).success).toBe(true)
    expect(cell.problems.length).toBeGreaterThan(0)
    const { sent, completed } = cell.counts
    if (sent === 0) expect([cell.requestsPerSec, cell.inferencesPerSec, cell.errorRate]).toEqual([null, null, null])
    else if (completed === 0) expect(cell.requestsPerSec).toEqual({ value: 0, low: 0, high: 0 })
  })
})

describe('the problems of a cell', () => {
  const QUIET = { stealFraction: 0, otherFraction: 0, busiest: null, thermalThrottles: 0 }
  const problemsOf = (made: Parameters<typeof makeMeasurement>[0], floor: Floor | null = null) => {
    const load = made?.load ?? CLOSED
    return summarise({ ...KEY, load }, [makeMeasurement({ windowMs: 10_000, ...made })], floor).cell.problems
  }
  const client = {
    threads: 1,
    polled: false,
    cpuMs: 1,
    cpuFraction: 0.1,
    eventLoopDelayP99Ms: 1,
    bytesSent: 0,
    bytesReceived: 0,
  }

  it('are none for a clean cell', () => {
    expect(problemsOf({ requests: every10ms(1000, 3), client })).toEqual([])
  })

  it('say which percentiles are missing and what the lowest takes', () => {
    const [problem] = problemsOf({ requests: every10ms(100, 3) })
    expect(problem?.code).toBe('too-few-samples')
    expect(problem?.message).toBe('100 completed requests do not carry p95, p99, p999: p95 takes 130')
  })

  it('leave a missing p99.9 alone', () => {
    const { cell } = summarise(KEY, [makeMeasurement({ windowMs: 10_000, requests: every10ms(662, 3) })], null)
    expect(cell.latencyMs.p99).not.toBeNull()
    expect(cell.latencyMs.p999).toBeNull()
    expect(cell.problems).toEqual([])
  })

  it.each([
    ['other programs that used a tenth of the machine', { host: { ...QUIET, otherFraction: 0.1 } }, ['noisy-host']],
    ['a hypervisor that took a tenth of it', { host: { ...QUIET, stealFraction: 0.1 } }, ['noisy-host']],
    ['a core that was too hot', { host: { ...QUIET, thermalThrottles: 1 } }, ['noisy-host']],
    ['others who took little', { host: { ...QUIET, otherFraction: 0.02, stealFraction: 0.02 } }, []],
    ['a thread that used its core', { client: { ...client, cpuFraction: 0.95 } }, ['generator-limited']],
    ['an event loop that stalled', { client: { ...client, eventLoopDelayP99Ms: 12 } }, ['generator-limited']],
    ['dropped requests', { dropped: 5 }, ['dropped-requests']],
    [
      'disagreeing outputs',
      { faults: [{ code: 'outputs-disagree', message: '3 of 9' } as const] },
      ['outputs-disagree'],
    ],
    ['a dead server', { faults: [{ code: 'server-died', message: 'SIGKILL' } as const] }, ['server-died']],
  ])('name %s', (_, made, expected) => {
    expect(codes(problemsOf({ requests: every10ms(1000, 3), client, ...made }))).toEqual(expected)
  })

  it('name a generator that was asked for most of what it can', () => {
    const floor = (requestsPerSec: number) => ({ requestsPerSec, p50Ms: 0.1, cpuUsPerRequest: 20 })
    // 100 requests/s.
    const made = { requests: every10ms(1000, 3), client }
    const [problem] = problemsOf(made, floor(140))
    expect(problem?.code).toBe('generator-limited')
    expect(problem?.message).toContain('it sent 71 % of the 140 requests/s that it reached against a server that')
    expect(problemsOf(made, floor(90))[0]?.message).toContain('it sent more than the 90.0 requests/s that it reached')
    expect(problemsOf(made, floor(145))).toEqual([])
  })

  it('do not hold large requests against a generator that is not busy: any server takes its time to read them', () => {
    const floor = { requestsPerSec: 100, p50Ms: 3, cpuUsPerRequest: 400 }
    const large = { ...client, bytesSent: 1000 * 600_000 }
    expect(problemsOf({ requests: every10ms(1000, 3), client: large }, floor)).toEqual([])
    const busy = { ...large, cpuMs: 8000, cpuFraction: 0.8 }
    expect(codes(problemsOf({ requests: every10ms(1000, 3), client: busy }, floor))).toEqual(['generator-limited'])
  })

  it('do not hold it against an open loop that its thread waits by polling', () => {
    const polling = { ...client, polled: true, cpuFraction: 1 }
    expect(problemsOf({ requests: every10ms(1000, 3), load: OPEN, client: polling })).toEqual([])
  })

  it('name a generator that sent late, in an open loop only', () => {
    const late = every10ms(1000, 3).map((request) => ({ ...request, sentMs: request.dueMs + 1 }))
    expect(codes(problemsOf({ requests: late, load: OPEN }))).toEqual(['sent-late'])
    expect(problemsOf({ requests: late })).toEqual([])
  })

  it('hold lateness against the latency at the same percentile, and only where samples carry both', () => {
    // A median of 0.7 ms and a tail of 5 ms; one in fifty goes out 50 µs late, which is 7 % of the median and 1 % of the tail.
    const tail = every10ms(1000, 0).map(({ dueMs }, index) => ({
      dueMs,
      sentMs: dueMs + (index % 50 === 0 ? 0.05 : 0.001),
      receivedMs: dueMs + (index % 25 === 0 ? 5 : 0.7),
    }))
    expect(codes(problemsOf({ requests: tail, load: OPEN }))).not.toContain('sent-late')
    expect(codes(problemsOf({ requests: tail.slice(0, 15), load: OPEN }))).toEqual(['too-few-samples'])
  })

  it('do not call a queue what failed at once, nor a rise what was told to rise', () => {
    const failing = every10ms(1000, 1).map((request, index) =>
      index % 2 === 0 ? request : { ...request, outcome: 'status' as const },
    )
    expect(codes(problemsOf({ requests: failing, load: OPEN, errors: { 'status:500': 500 } }))).not.toContain(
      'saturated',
    )
    const steps = { ...OPEN, profile: { shape: 'steps' as const, requestRates: [50, 150] } }
    const rising = every10ms(1000, 0).map(({ dueMs }) => ({ dueMs, receivedMs: dueMs + (dueMs < 5000 ? 4 : 8) }))
    const found = summarise(
      { ...KEY, load: steps },
      [makeMeasurement({ windowMs: 10_000, requests: rising, load: steps })],
      null,
    )
    expect(codes(found.cell.problems)).toEqual([])
  })

  it('name a server that falls behind, and not one whose last answers come just after the window', () => {
    const behind = every10ms(1000, 0).map(({ dueMs }) => ({ dueMs, receivedMs: dueMs * 1.1 + 3 }))
    expect(codes(problemsOf({ requests: behind, load: OPEN }))).toContain('saturated')
    expect(problemsOf({ requests: every10ms(1000, 400), load: OPEN })).toEqual([])
  })

  it('name a drift within the windows, not a difference between repetitions', () => {
    const warming = every10ms(1000, 0).map(({ dueMs }) => ({
      dueMs,
      receivedMs: dueMs + (dueMs < 4000 ? 8 : 4) + (dueMs % 7) / 10,
    }))
    const [problem] = problemsOf({ requests: warming })
    expect(problem?.code).toBe('not-steady')
    expect(problem?.remedy).toContain('warm up longer')
    const unlike = [3, 6, 12].map((latencyMs, index) =>
      makeMeasurement({ repetition: index + 1, windowMs: 10_000, requests: every10ms(1000, latencyMs) }),
    )
    expect(summarise(KEY, unlike, null).cell.problems).toEqual([])
  })

  it('gather a fault of several repetitions into one', () => {
    const fault = { code: 'interrupted', message: 'stopped' } as const
    const measurement = makeMeasurement({ ...closedLoop(new Array<number>(700).fill(1)), faults: [fault] })
    const { cell } = summarise(KEY, [measurement, measurement], null)
    expect(cell.problems).toHaveLength(1)
    expect(cell.problems[0]?.message).toBe('stopped (2 of 2 repetitions)')
  })
})
