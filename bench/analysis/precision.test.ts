import { describe, expect, it } from 'vitest'
import { closedLoop, makeMeasurement } from './measurement-fixture.ts'
import { isPrecise, isSettled, notPrecise, roundOf, widthsOf } from './precision.ts'
import { seriesOf } from './samples.ts'
import { autoregressive, withRepetitionEffect } from './simulated-latencies.ts'
import { queue } from './simulated-queues.ts'
import { measureStopping } from './simulated-stopping.ts'
import { sortSeries } from './sorted-series.ts'
import { summarise } from './summarise.ts'

const WANTED = { p50: 0.05, p99: 0.1 }

/** Repetitions of as many requests, each slower than the one before by `step`. */
function repetitions(count: number, requests: number, step: number) {
  return Array.from({ length: count }, (_, index) => {
    const latenciesMs = Array.from({ length: requests }, (_, row) => (1 + (row % 100) / 100) * (1 + index * step))
    return makeMeasurement({ repetition: index + 1, ...closedLoop(latenciesMs) })
  })
}

describe('how precisely a cell is known', () => {
  const widths = (count: number, requests: number, step: number) =>
    widthsOf(sortSeries(seriesOf(repetitions(count, requests, step), 'response')))

  it('is half the 95 % interval, relative to the value', () => {
    const measurements = repetitions(5, 400, 0.1)
    const { latencyMs } = summarise(
      { target: 'a', batchSize: 1, load: { model: 'closed', concurrency: 1, connections: 1 } },
      measurements,
      null,
    ).cell
    const { value, low, high } = latencyMs.p50 ?? { value: 1, low: 0, high: 0 }
    expect(widths(5, 400, 0.1).p50).toBeCloseTo((high - low) / 2 / value, 12)
    expect(isPrecise(widths(5, 400, 0.1), WANTED)).toBe(false)
    expect(isPrecise(widths(5, 400, 0.001), WANTED)).toBe(true)
  })

  it('is nothing where too few samples carry a percentile, which is not precise', () => {
    expect(widths(5, 100, 0.001)).toMatchObject({ p50: expect.any(Number) as number, p99: null })
    expect(isPrecise(widths(5, 100, 0.001), WANTED)).toBe(false)
    expect(isPrecise(widths(0, 0, 0), WANTED)).toBe(false)
  })

  it('becomes a problem of a cell whose time was up, with the widths that it has', () => {
    const key = { target: 'a', batchSize: 1, load: { model: 'closed', concurrency: 1, connections: 1 } } as const
    const problems = (count: number, requests: number, step: number) =>
      notPrecise(summarise(key, repetitions(count, requests, step), null).cell, WANTED)
    expect(problems(5, 400, 0.001)).toEqual([])
    expect(problems(0, 0, 0)).toEqual([])
    const [wide] = problems(5, 400, 0.1)
    expect(wide).toMatchObject({ code: 'not-precise', remedy: expect.stringContaining('measure.auto.limit') as string })
    expect(wide?.message).toMatch(
      /^after 5 repetitions p50 is known to ±[\d.]+ % \(wanted: ±5 %\), and p99 is known to ±[\d.]+ % \(wanted: ±10 %\)$/,
    )
    expect(problems(5, 100, 0.001)[0]?.message).toContain('p99 is not known (wanted: ±10 %)')
  })
})

describe('further rounds', () => {
  it('end when a cell was precise three times in a row', () => {
    expect(isSettled([])).toBe(false)
    expect(isSettled([true, true])).toBe(false)
    expect(isSettled([true, true, false, true])).toBe(false)
    expect(isSettled([false, true, true, true])).toBe(true)
  })

  it('grow by a quarter of what there is, up to the limit', () => {
    expect([3, 5, 12, 50, 59].map((done) => roundOf(done, 60))).toEqual([1, 2, 3, 10, 1])
    expect(roundOf(60, 60)).toBe(0)
    expect(roundOf(5, 5)).toBe(0)
  })
})

// A seeded subset of `node bench/analysis/stopping.ts`; 200 runs have a standard error of 1.5 %, 100 one of 2.2 %.
describe('intervals that decide when to stop', () => {
  it.each([
    { process: autoregressive(0), samplesPerRepetition: 700, runs: 200 },
    { process: autoregressive(0.9), samplesPerRepetition: 700, runs: 200 },
    // 700 of a queue are so few independent ones that 92 % of the intervals hold its p99 without any stopping.
    { process: queue(0.7), samplesPerRepetition: 2000, runs: 100 },
    { process: withRepetitionEffect(0.05), samplesPerRepetition: 700, runs: 200 },
  ])('still hold the truth: $process.name', ({ process, samplesPerRepetition, runs }) => {
    const { coveredP50, coveredP99, unsettled } = measureStopping({
      process,
      wanted: { p50: 0.1, p99: 0.2 },
      leastRepetitions: 5,
      mostRepetitions: 30,
      samplesPerRepetition,
      runs,
      seed: 7,
    })
    expect(coveredP50).toBeGreaterThanOrEqual(0.92)
    expect(coveredP99).toBeGreaterThanOrEqual(0.92)
    // What never stops early would prove nothing.
    expect(unsettled).toBeLessThan(0.9)
  })
})
