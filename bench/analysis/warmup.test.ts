// The end of the warm-up: no false alarms, whatever the latencies are like, and a server that is still cold is found.
import { describe, expect, it } from 'vitest'
import type { WarmupSeries } from '../measurement/warmup-series.ts'
import { CLOSED, makeMeasurement } from './measurement-fixture.ts'
import { autoregressive, bimodal, withRepetitionEffect } from './simulated-latencies.ts'
import { queue } from './simulated-queues.ts'
import { measureWarmup } from './simulated-warmup.ts'
import { judgeWarmup } from './warmup.ts'

const SHAPE = { repetitions: 5, inWarmup: 400, inWindow: 1000, seed: 5 }

// A seeded subset of `node bench/analysis/warmup-rates.ts`.
describe('a server that is warm from the start', () => {
  it('is called cold in less than 0.1 % of the cells', () => {
    const processes = [autoregressive(0), autoregressive(0.9), queue(0.7), bimodal(0.45, 5), withRepetitionEffect(0.2)]
    const cells = 600
    const half = { ...SHAPE, inWarmup: 200, inWindow: 500 }
    const alarms = processes.map(
      (process) => measureWarmup({ ...half, process, slowness: () => 1, cells }).notSettled * cells,
    )
    expect(alarms.reduce((sum, count) => sum + count, 0) / (processes.length * cells)).toBeLessThanOrEqual(0.001)
  })

  it('is not called so with few requests per block, or with three repetitions', () => {
    const sparse = { ...SHAPE, inWarmup: 60, inWindow: 150, cells: 600 }
    expect(measureWarmup({ ...sparse, process: bimodal(0.45, 5), slowness: () => 1 }).notSettled).toBe(0)
    const three = { ...SHAPE, repetitions: 3, cells: 600 }
    expect(measureWarmup({ ...three, process: autoregressive(0.9), slowness: () => 1 }).notSettled).toBe(0)
  })
})

describe('a server that is cold at first', () => {
  const cells = 100
  const step = (until: number, factor: number) => (age: number) => (age < until ? factor : 1)
  const decay = (from: number, age: number) => (at: number) => 1 + from * Math.exp(-at / age)

  it('is found when its cold start lasts beyond the warm-up', () => {
    const found = measureWarmup({ ...SHAPE, process: autoregressive(0), slowness: step(1.3, 2), cells })
    expect(found.notSettled).toBeGreaterThanOrEqual(0.9)
    // At the end of the warm-up it takes 2.2 times as long as when it is warm, in the middle of the window 1.4 times.
    const slow = measureWarmup({ ...SHAPE, process: autoregressive(0), slowness: decay(3, 1.1), cells })
    expect(slow.notSettled).toBeGreaterThanOrEqual(0.6)
  })

  it('is no problem when it is warm in time, and the report says after which time', () => {
    const found = measureWarmup({ ...SHAPE, process: autoregressive(0), slowness: step(0.5, 2), cells })
    expect(found.notSettled).toBe(0)
    expect(found.settledAfter).toBeGreaterThan(0.45)
    expect(found.settledAfter).toBeLessThan(0.63)
    expect(found.late).toBe(1)
    const gradual = measureWarmup({ ...SHAPE, process: autoregressive(0), slowness: decay(4, 0.1), cells })
    expect(gradual.notSettled).toBe(0)
    expect(gradual.settledAfter).toBeGreaterThan(0.2)
    expect(gradual.settledAfter).toBeLessThan(0.5)
  })
})

describe('a cell', () => {
  /** 1 ms in its windows; what comes after the first quarter of the warm-up takes `endMs`, give or take what tells repetitions apart. */
  const measured = (endMs: number, repetitions: number) =>
    Array.from({ length: repetitions }, (_, index) => {
      const medianMs = Array.from({ length: 40 }, (_block, at) => (at < 10 ? 3 : endMs) * (1 + index / 1000))
      const warmup: WarmupSeries = { blockMs: 25, counts: medianMs.map(() => 10), medianMs }
      const requests = Array.from({ length: 200 }, (_request, at) => ({ dueMs: at * 5, receivedMs: at * 5 + 1 }))
      return makeMeasurement({ repetition: index + 1, warmup, requests, windowMs: 1000 })
    })

  it('tells when its warm-up had settled', () => {
    const { warmup, problems } = judgeWarmup(CLOSED, measured(1, 5), [])
    expect(problems).toEqual([])
    expect(warmup).toMatchObject({ lengthMs: 1000 })
    expect(warmup?.settledAfterMs).toBeGreaterThanOrEqual(250)
    expect(warmup?.settledAfterMs).toBeLessThanOrEqual(375)
  })

  it('that was slow to the end of its warm-up has a problem that says what to write', () => {
    const { warmup, problems } = judgeWarmup(CLOSED, measured(1.5, 5), [])
    expect(warmup).toEqual({ lengthMs: 1000, settledAfterMs: null })
    expect(problems).toEqual([
      {
        code: 'not-steady',
        message: expect.stringMatching(/still took 5\d % longer than in the window/) as string,
        remedy: 'warm up longer: measure.warmup: 2s',
      },
    ])
  })

  const ramp = {
    model: 'open',
    requestRate: 20,
    profile: { shape: 'ramp', requestRates: [10, 30] },
    distribution: 'constant',
    maxInFlight: 1,
    connections: 1,
  } as const
  it.each([
    ['two repetitions', CLOSED, measured(1.5, 2), []],
    ['no warm-up', CLOSED, [makeMeasurement()], []],
    ['a run of before warm-ups were kept', CLOSED, measured(1.5, 5).map((one) => ({ ...one, warmup: null })), []],
    ['a load that changes in the window', ramp, measured(1.5, 5), []],
    ['a queue that grows', CLOSED, measured(1.5, 5), [{ code: 'saturated', message: '', remedy: '' }]],
  ] as const)('of %s cannot be told', (_what, load, measurements, problems) => {
    expect(judgeWarmup(load, measurements, problems)).toEqual({ warmup: null, problems: [] })
  })
})
