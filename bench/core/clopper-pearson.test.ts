import { describe, expect, it } from 'vitest'
import { clopperPearson } from './clopper-pearson.ts'

describe('the Clopper–Pearson interval', () => {
  // As scipy.stats.binomtest(hits, runs).proportion_ci(0.95, 'exact') gives them.
  it.each([
    [0, 30, 0, 0.1157],
    [1, 30, 0.00084, 0.17217],
    [5, 10, 0.18709, 0.81291],
    [4, 20, 0.05733, 0.43661],
    [19, 20, 0.75127, 0.99873],
  ])('of %i in %i is the textbook’s', (hits, runs, low, high) => {
    const interval = clopperPearson(hits, runs)
    expect(interval.low).toBeCloseTo(low, 5)
    expect(interval.high).toBeCloseTo(high, 5)
  })

  it('has a closed form where all or none hit', () => {
    expect(clopperPearson(0, 8).high).toBeCloseTo(1 - 0.025 ** (1 / 8), 12)
    expect(clopperPearson(8, 8)).toEqual({ low: expect.closeTo(0.025 ** (1 / 8), 12), high: 1 })
  })

  it('covers a rate at least as often as it says, whatever the rate', () => {
    for (const rate of [0.01, 0.05, 0.3, 0.5, 0.95]) {
      expect(coverage(rate, 30)).toBeGreaterThanOrEqual(0.95)
    }
  })

  it('is everything where nothing ran, and refuses what is no count', () => {
    expect(clopperPearson(0, 0)).toEqual({ low: 0, high: 1 })
    for (const [hits, runs] of [
      [3, 2],
      [-1, 2],
      [0.5, 2],
      [Number.NaN, 2],
    ] as const) {
      expect(() => clopperPearson(hits, runs)).toThrow('is no count of runs')
    }
  })
})

/** Exact: the probabilities of all counts whose interval holds the rate. */
function coverage(rate: number, runs: number): number {
  let covered = 0
  let probability = (1 - rate) ** runs
  for (let hits = 0; hits <= runs; hits++) {
    const { low, high } = clopperPearson(hits, runs)
    if (low <= rate && rate <= high) covered += probability
    probability *= ((runs - hits) / (hits + 1)) * (rate / (1 - rate))
  }
  return covered
}
