import { describe, expect, it } from 'vitest'
import { errorRateOf } from './error-rate.ts'
import { burstsOfFailures, independentFailures, measureErrorCoverage, measureRateCoverage } from './simulated-counts.ts'
import { autoregressive, withRepetitionEffect } from './simulated-latencies.ts'

const counts = (...failed: readonly number[]) =>
  failed.map((count, index) => ({ repetition: index + 1, failed: count, answered: 1000 }))

describe('the interval of an error rate', () => {
  it('is Wilson’s where failures are independent', () => {
    // statsmodels.stats.proportion.proportion_confint(10, 1000, method='wilson')
    const { value, low, high } = errorRateOf(counts(10)) ?? { value: 0, low: 0, high: 0 }
    expect(value).toBe(0.01)
    expect(low).toBeCloseTo(0.00544, 5)
    expect(high).toBeCloseTo(0.01831, 5)
  })

  it('has an upper end where nothing failed, and is null where nothing was answered', () => {
    expect(errorRateOf(counts(0, 0))).toMatchObject({ value: 0, low: 0 })
    expect(errorRateOf(counts(0, 0))?.high).toBeCloseTo(0.0019, 4)
    expect(errorRateOf([{ repetition: 1, failed: 0, answered: 0 }])).toBeNull()
  })

  it('is wider where all failures are in one repetition, and leaves 0 out', () => {
    const [even, burst] = [errorRateOf(counts(20, 20, 20, 20, 20)), errorRateOf(counts(0, 0, 100, 0, 0))]
    expect(burst?.value).toBe(even?.value)
    expect((burst?.high ?? 0) - 0.02).toBeGreaterThan(5 * ((even?.high ?? 1) - 0.02))
    expect(burst?.low).toBeGreaterThan(0)
  })
})

// A seeded subset of `node bench/analysis/coverage.ts --part counts`.
describe('coverage of the 95 % intervals of counts', () => {
  const setting = { repetitions: 5, runs: 240, seed: 7, perWindow: 500 }

  it.each([autoregressive(0), autoregressive(0.9), withRepetitionEffect(0.05)])(
    'is 92 to 98 percent, give or take the simulation error: requests/s, $name',
    (process) => {
      const { covered } = measureRateCoverage(process, setting)
      expect(covered).toBeGreaterThanOrEqual(0.905)
      expect(covered).toBeLessThanOrEqual(0.99)
    },
  )

  it.each([independentFailures(0.02), burstsOfFailures(0.1, 5)])(
    'is 92 to 98 percent, give or take the simulation error: error rate, $name',
    (process) => {
      const { covered } = measureErrorCoverage(process, setting)
      expect(covered).toBeGreaterThanOrEqual(0.905)
      expect(covered).toBeLessThanOrEqual(0.99)
    },
  )
})
