import { describe, expect, it } from 'vitest'
import { nowNs } from '../core/clock.ts'
import { seededRandom } from '../core/random.ts'
import { NodeLoop } from '../event-loop/node-loop.ts'
import type { Codec } from '../protocol/types.ts'
import { AnswerCheck } from './answer-check.ts'
import { arrivals, type OpenLoad, phaseAfter, shareOfArrivals } from './arrivals.ts'
import { runClosedLoop } from './closed-loop.ts'
import { runOpenLoop } from './open-loop.ts'
import { PhaseRun } from './phase-run.ts'
import { joinColumns, type RequestColumns } from './request-columns.ts'
import { TestTransport } from './test-transport.ts'

/** Accepts every answer; what it decodes is [1]. */
const CODEC: Codec = {
  path: '/',
  requestHeaders: {},
  encode: () => new Uint8Array(),
  hasForm: () => true,
  decode: () => ({ ok: true, outputs: [Float64Array.of(1)] }),
}
const NO_VALUES = { expected: null, verify: null }

function startPhase(transport: TestTransport, timeoutMs = 1000) {
  const check = new AnswerCheck(CODEC, NO_VALUES)
  const chunks: RequestColumns[] = []
  const onRecords = (records: RequestColumns) => chunks.push(records)
  const setting = {
    transport,
    loop: new NodeLoop(),
    check,
    timeoutMs,
    statusPrefix: 'status',
    firstVariant: 0,
    variants: 64,
    onRecords,
    recordsFromNs: null,
  } as const
  const run = new PhaseRun(setting, nowNs())
  transport.sink.current = run
  const records = () => {
    run.end()
    return joinColumns(chunks)
  }
  return { run, records }
}

function openLoad(requestRate: number, given: Partial<OpenLoad> = {}): OpenLoad {
  const usual = { model: 'open', profile: null, distribution: 'constant', maxInFlight: 64, connections: 64 } as const
  return { ...usual, requestRate, ...given }
}

describe('the closed loop', () => {
  it('keeps every lane busy with the next request in turn, and ends with nothing in flight', async () => {
    const transport = new TestTransport(3, 2)
    const { run, records } = startPhase(transport)
    await runClosedLoop({ run: run, loop: new NodeLoop(), lanes: 3, durationMs: 60 })
    expect(run.inFlight).toBe(0)
    expect(run.recorder.length).toBe(transport.sent.length)
    expect(transport.sent.length).toBeGreaterThan(15)
    expect(transport.sent.slice(0, 6).map(({ request }) => request)).toEqual([0, 1, 2, 3, 4, 5])
    const { scheduledNs, sentNs, receivedNs } = records()
    expect(scheduledNs).toEqual(sentNs)
    for (let row = 0; row < sentNs.length; row++) {
      // Nothing is sent once the window is over; what was sent before is waited for.
      expect(sentNs[row]).toBeLessThan(60e6)
      expect((receivedNs[row] ?? 0) - (sentNs[row] ?? 0)).toBeGreaterThan(1e6)
    }
  })

  it('ends when nobody answers, with each request counted as a timeout', async () => {
    const transport = new TestTransport(2, null)
    const { run } = startPhase(transport, 30)
    const stop = run.watchTimeouts()
    await runClosedLoop({ run: run, loop: new NodeLoop(), lanes: 2, durationMs: 50 })
    stop()
    expect(run.failures.counts).toEqual({ timeout: transport.sent.length })
    expect(run.recorder.length).toBe(transport.sent.length)
  })

  it('goes round through all prebuilt requests', async () => {
    const transport = new TestTransport(16, 1)
    await runClosedLoop({ run: startPhase(transport).run, loop: new NodeLoop(), lanes: 16, durationMs: 60 })
    expect(new Set(transport.sent.map(({ request }) => request)).size).toBe(64)
  })
})

describe('the open loop', () => {
  const constant = (rate: number) => arrivals(openLoad(rate), 1e9, seededRandom(1, 'test'))

  it('sends when requests are due, whatever the answers take, and times them from then', async () => {
    const transport = new TestTransport(50, 30)
    const { run, records } = startPhase(transport)
    await runOpenLoop({ run, loop: new NodeLoop(), lanes: 50, addresses: 1, durationMs: 100, nextDueNs: constant(200) })
    const { scheduledNs, sentNs, length } = records()
    expect(length).toBe(20)
    expect([...scheduledNs].sort((one, other) => one - other)).toEqual(
      Array.from({ length: 20 }, (_, k) => expect.closeTo(k * 5e6, 0)),
    )
    for (let row = 0; row < length; row++) expect(sentNs[row]).toBeGreaterThanOrEqual((scheduledNs[row] ?? 0) - 1)
  })

  it('drops what is due while no slot is free, and says how many', async () => {
    const transport = new TestTransport(4, null)
    const { run } = startPhase(transport, 150)
    const stop = run.watchTimeouts()
    const counts = await runOpenLoop({
      run,
      loop: new NodeLoop(),
      lanes: 4,
      addresses: 1,
      durationMs: 100,
      nextDueNs: constant(200),
    })
    stop()
    expect(transport.sent.length).toBe(4)
    expect(counts.dropped).toBe(16)
    expect(run.failures.counts).toEqual({ timeout: 4 })
  })
})

describe('arrivals', () => {
  it('of a constant rate do not drift', () => {
    const next = arrivals(openLoad(3), 1e9, seededRandom(1, 'test'))
    const due = Array.from({ length: 3001 }, next)
    expect(due[3000]).toBeCloseTo(1000e9, 0)
  })

  it('of a Poisson process have exponential gaps, by a Kolmogorov-Smirnov test', () => {
    const count = 5000
    const next = arrivals(openLoad(1000, { distribution: 'poisson' }), 1e9, seededRandom(42, 'test'))
    const due = Array.from({ length: count + 1 }, next)
    const gaps = due.slice(1).map((ns, index) => ns - (due[index] ?? 0))
    const uniform = gaps.map((gap) => 1 - Math.exp(-gap / 1e6)).sort((one, other) => one - other)
    const distance = Math.max(
      ...uniform.map((value, index) => Math.max((index + 1) / count - value, value - index / count)),
    )
    // Critical value at 1 % (Kolmogorov): 1.63 / √n.
    expect(distance).toBeLessThan(1.63 / Math.sqrt(count))
  })

  const within = (next: () => number, fromNs: number, toNs: number) => {
    let count = 0
    for (let due = next(); due < toNs; due = next()) if (due >= fromNs) count++
    return count
  }

  it('of steps come at each rate for an equal part of the window, and end with it', () => {
    const profile = { shape: 'steps', requestRates: [100, 400, 200] } as const
    const next = () => arrivals(openLoad(700 / 3, { profile }), 3e9, seededRandom(1, 'test'))
    expect(within(next(), 0, 1e9)).toBe(100)
    expect(within(next(), 1e9, 2e9)).toBe(400)
    expect(within(next(), 2e9, 3e9)).toBe(200)
    expect(within(next(), 0, 1e12)).toBe(700)
  })

  it('of a ramp come ever closer together, as many as the area under it says', () => {
    const profile = { shape: 'ramp', requestRates: [100, 500] } as const
    const next = arrivals(openLoad(300, { profile }), 2e9, seededRandom(1, 'test'))
    const due = Array.from({ length: 600 }, next)
    expect(next()).toBe(Number.POSITIVE_INFINITY)
    // Λ(t) = 100 t + 100 t² for t in seconds.
    for (const [k, ns] of due.entries()) expect(100 * (ns / 1e9) + 100 * (ns / 1e9) ** 2).toBeCloseTo(k, 6)
    expect((due[1] ?? 0) - (due[0] ?? 0)).toBeGreaterThan(9e6)
    expect((due[599] ?? 0) - (due[598] ?? 0)).toBeLessThan(2.1e6)
  })

  it('of a Poisson profile keep its rates', () => {
    const profile = { shape: 'ramp', requestRates: [1000, 3000] } as const
    const load = openLoad(2000, { profile, distribution: 'poisson' })
    const count = within(arrivals(load, 5e9, seededRandom(3, 'test')), 0, 5e9)
    // Four standard deviations of a Poisson count.
    expect(Math.abs(count - 10_000)).toBeLessThan(400)
  })

  it('of a constant rate are rate × time over all windows, which go on where the one before ended', () => {
    for (const [rate, windowMs] of [
      [2.5, 1000],
      [1.9, 1000],
      [0.3, 1000],
      [7, 300],
      [200, 500],
    ] as const) {
      for (const first of [0, 0.2, 0.77]) {
        const load = openLoad(rate)
        const counts = Array.from({ length: 20 }, (_, window) => {
          const phase = phaseAfter(first, window, load, windowMs * 1e6)
          return within(arrivals(load, windowMs * 1e6, seededRandom(1, 'test'), phase), 0, windowMs * 1e6)
        })
        const expected = (rate * windowMs) / 1000
        for (const count of counts) expect(Math.abs(count - expected)).toBeLessThan(1 + 1e-9)
        const all = counts.reduce((sum, count) => sum + count, 0)
        expect(Math.abs(all - 20 * expected)).toBeLessThan(1 + 1e-9)
      }
    }
  })

  it('of steps begin within a gap of the window’s start, and hold what their rates say', () => {
    const load = openLoad(5.3, { profile: { shape: 'steps', requestRates: [2.6, 8] } })
    const counts = Array.from({ length: 100 }, (_, window) =>
      within(arrivals(load, 1e9, seededRandom(1, 'test'), phaseAfter(0.4, window, load, 1e9)), 0, 0.5e9),
    )
    expect(counts.reduce((sum, count) => sum + count, 0) / 100).toBeCloseTo(1.3, 1)
  })

  it('are shared between threads so that each is in exactly one share', () => {
    const next = () => arrivals(openLoad(1000, { distribution: 'poisson' }), 1e9, seededRandom(7, 'test'))
    const all = Array.from({ length: 300 }, next())
    const shares = [0, 1, 2].map((index) => Array.from({ length: 100 }, shareOfArrivals(next(), index, 3)))
    expect(shares.flat().sort((one, other) => one - other)).toEqual(all)
  })
})
