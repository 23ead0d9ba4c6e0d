import { describe, expect, it } from 'vitest'
import { type Random, seededRandom } from '../core/random.ts'
import type { LoadModel } from '../plan/types.ts'
import { changeBetween, relativeChange } from './change.ts'
import { intervalOf, rateIntervalOf } from './intervals.ts'
import { type MadeRequest, makeMeasurement } from './measurement-fixture.ts'
import type { Estimate } from './run-document.ts'
import type { Spread } from './spread.ts'
import { throughputOf } from './throughput.ts'

type Draw = (random: Random) => number

const closed = (concurrency: number): LoadModel => ({ model: 'closed', concurrency, connections: concurrency })
const OPEN = {
  model: 'open',
  requestRate: 100,
  profile: null,
  distribution: 'constant',
  maxInFlight: 64,
  connections: 64,
} as const

/** Latencies of mean 1. */
const SHAPES: Readonly<Record<string, Draw>> = {
  constant: () => 1,
  exponential: (random) => random.exponential(),
  'log-normal': (random) => Math.exp(0.8 * random.normal() - 0.32),
}

/** Every slot sends its next request when its last one is answered, as long as the window lasts. */
function windowOf(latencyMs: () => number, windowMs: number, concurrency = 1): MadeRequest[] {
  return Array.from({ length: concurrency }).flatMap(() => {
    const requests: MadeRequest[] = []
    for (let nowMs = 0; nowMs < windowMs; ) {
      const receivedMs = nowMs + latencyMs()
      requests.push({ dueMs: nowMs, receivedMs })
      nowMs = receivedMs
    }
    return requests
  })
}

function measured(load: LoadModel, windows: readonly (readonly MadeRequest[])[], windowMs: number): Spread {
  const spread = throughputOf(
    load,
    windows.map((requests, index) => makeMeasurement({ load, requests, windowMs, repetition: index + 1 })),
  )
  if (spread === null) throw new Error('nothing was completed')
  return spread
}

const slow = (latencyMs: number) =>
  measured(
    closed(1),
    Array.from({ length: 4 }, () => windowOf(() => latencyMs, 2000)),
    2000,
  )

describe('the throughput of a closed loop', () => {
  it('is that of a model of 700 and of 790 ms in windows of 2 s, and their change is −11 %', () => {
    const [fast, late] = [slow(700), slow(790)]
    expect(fast.value).toBeCloseTo(1 / 0.7, 6)
    expect(late.value).toBeCloseTo(1 / 0.79, 6)
    const change = changeBetween(fast, late, 'independent')
    expect(change === null ? null : relativeChange(change).value).toBeCloseTo(70 / 79 - 1, 6)
  })

  it('times the mean latency is the concurrency, from 0.1 ms to three windows', () => {
    const random = seededRandom(3, 'Little')
    for (let trial = 0; trial < 60; trial++) {
      const windowMs = 200
      const meanMs = 0.1 * (3 * windowMs * 10) ** random.uniform()
      const concurrency = 1 + random.below(8)
      const draw = Object.values(SHAPES)[trial % 3] as Draw
      const windows = Array.from({ length: 40 }, () => windowOf(() => meanMs * draw(random), windowMs, concurrency))
      const all = windows.flat()
      const latencyMs = all.reduce((sum, { dueMs, receivedMs }) => sum + receivedMs - dueMs, 0) / all.length
      const { value } = measured(closed(concurrency), windows, windowMs)
      // Where first requests are left out the two are of other requests: that much chance is in them.
      const chance = concurrency === 1 || trial % 3 === 0 ? 0.01 : 4 / Math.sqrt(all.length) + 0.01
      expect(Math.abs((value * latencyMs) / 1000 / concurrency - 1)).toBeLessThan(chance)
    }
  })

  it.each(Object.keys(SHAPES))('is unbiased for every ratio of latency to window: %s', (name) => {
    const random = seededRandom(5, name)
    for (const perWindow of [1 / 3, 0.5, 0.9, 1.1, 1.43, 2.53, 3, 7.7, 20.5]) {
      const windows = Array.from({ length: Math.ceil(8000 / (perWindow + 1)) }, () =>
        windowOf(() => 1000 * (SHAPES[name] as Draw)(random), 1000 * perWindow, 2),
      )
      expect(measured(closed(2), windows, 1000 * perWindow).value / 2).toBeGreaterThan(0.97)
      expect(measured(closed(2), windows, 1000 * perWindow).value / 2).toBeLessThan(1.03)
    }
  })

  it.each(Object.keys(SHAPES).flatMap((name) => [3, 5, 10].map((perWindow) => [name, perWindow] as const)))(
    'has an interval that covers it in 92 %% or more: %s, %s requests in each of 5 windows',
    (name, perWindow) => {
      const random = seededRandom(7, `${name} ${perWindow}`)
      const runs = 600
      let covered = 0
      for (let run = 0; run < runs; run++) {
        const windows = Array.from({ length: 5 }, () =>
          windowOf(() => 1000 * (SHAPES[name] as Draw)(random), 1000 * perWindow),
        )
        if (covers(intervalOf(measured(closed(1), windows, 1000 * perWindow)), 1)) covered++
      }
      expect(covered / runs).toBeGreaterThanOrEqual(0.92)
    },
  )

  it('is the capacity of a server that answers one request after the other, however many wait', () => {
    // 10 ms each, first come, first served: slot k is answered after 10·k ms, then every 80 ms.
    const requests = Array.from({ length: 8 }).flatMap((_, slot) => {
      const made: MadeRequest[] = [{ dueMs: 0, receivedMs: 10 * (slot + 1) }]
      for (let dueMs = 10 * (slot + 1); dueMs < 500; dueMs += 80) made.push({ dueMs, receivedMs: dueMs + 80 })
      return made
    })
    expect(measured(closed(8), [requests], 500).value).toBeCloseTo(100, 6)
  })

  it('counts the time of failed requests and what a slot waits for the generator, but not failures', () => {
    const requests: MadeRequest[] = Array.from({ length: 10 }, (_, index) => ({
      dueMs: index * 100,
      receivedMs: index * 100 + 90,
      outcome: index % 2 === 0 ? 'ok' : 'timeout',
    }))
    expect(measured(closed(1), [requests], 1000).value).toBeCloseTo(5 / 0.99, 6)
  })

  it('of a single request has an interval that leaves nearly everything open', () => {
    const { value, low, high } = rateIntervalOf(measured(closed(1), [windowOf(() => 5000, 2000)], 2000))
    expect(value).toBeCloseTo(0.2, 9)
    expect(low).toBeLessThan(0.05)
    expect(high).toBeGreaterThan(0.5)
  })

  it('of one window comes with what its requests scatter by', () => {
    const random = seededRandom(9, 'one')
    const spread = measured(closed(1), [windowOf(() => 1000 * random.exponential(), 400_000)], 400_000)
    const { low, high, value } = intervalOf(spread)
    expect((high - low) / 2 / value).toBeGreaterThan(1.5 / Math.sqrt(400))
    expect((high - low) / 2 / value).toBeLessThan(3 / Math.sqrt(400))
  })
})

const covers = ({ low, high }: Estimate, truth: number) => low <= truth + 1e-9 && high >= truth - 1e-9

/** One every 10 ms for a second, to a server with one worker that takes `serviceMs` for each. */
function oneWorker(serviceMs: number): MadeRequest[] {
  let freeMs = 0
  return Array.from({ length: 100 }, (_, index) => {
    freeMs = Math.max(freeMs, index * 10) + serviceMs
    return { dueMs: index * 10, receivedMs: freeMs }
  })
}

describe('the throughput of an open loop', () => {
  it('is what was asked for where the server keeps up, however slow its answers are', () => {
    const late = Array.from({ length: 100 }, (_, index) => ({ dueMs: index * 10, receivedMs: index * 10 + 900 }))
    expect(measured(OPEN, [late, late], 1000).value).toBeCloseTo(100, 9)
  })

  it('is what the server can do where its queue grows', () => {
    const { value } = measured(OPEN, [oneWorker(20), oneWorker(20), oneWorker(20)], 1000)
    expect(value).toBeGreaterThan(49)
    expect(value).toBeLessThan(51.5)
  })

  it('of a constant rate has no part of a gap too many or too few', () => {
    const due = (...times: readonly number[]) => times.map((dueMs) => ({ dueMs, receivedMs: dueMs + 1 }))
    const load = { ...OPEN, requestRate: 2.5 }
    const { value, low, high } = intervalOf(
      measured(load, [due(300, 700), due(100, 500, 900), due(300, 700), due(0, 400, 800)], 1000),
    )
    expect([value, low, high].map((rate) => rate.toFixed(9))).toEqual(['2.500000000', '2.500000000', '2.500000000'])
    const failed = [{ ...due(300)[0], dueMs: 300, receivedMs: 301, outcome: 'timeout' as const }, ...due(700)]
    expect(measured(load, [failed], 1000).value).toBeCloseTo(1.25, 9)
  })

  it('is never known better than the edges of the windows allow', () => {
    const two = [0, 400].map((dueMs) => ({ dueMs, receivedMs: dueMs + 1 }))
    const { value, low, high } = intervalOf(
      measured({ ...OPEN, distribution: 'poisson' }, [two, two, two, two, two], 1000),
    )
    expect(value).toBe(2)
    expect(low).toBeLessThan(1.8)
    expect(high).toBeGreaterThan(2.2)
  })
})
