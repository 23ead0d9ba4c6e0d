import { describe, expect, it } from 'vitest'
import { seededRandom, shuffled } from './random.ts'

const draws = (count: number, draw: () => number) => Array.from({ length: count }, draw)
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('seeded random numbers', () => {
  it('repeat for the same seed and purpose', () => {
    const first = seededRandom(42, 'plan')
    const second = seededRandom(42, 'plan')
    expect(draws(20, first.uniform)).toEqual(draws(20, second.uniform))
  })

  it('differ between purposes and between seeds, large seeds too', () => {
    const starts = [seededRandom(1, 'a'), seededRandom(1, 'b'), seededRandom(2, 'a'), seededRandom(2 ** 32 + 1, 'a')]
    expect(new Set(starts.map((random) => random.uniform())).size).toBe(4)
  })

  it('have the moments of their distributions', () => {
    const random = seededRandom(7, 'moments')
    const count = 100_000
    expect(mean(draws(count, random.uniform))).toBeCloseTo(0.5, 2)
    const normal = draws(count, random.normal)
    expect(mean(normal)).toBeCloseTo(0, 1)
    expect(mean(normal.map((value) => value ** 2))).toBeCloseTo(1, 1)
    expect(mean(draws(count, random.exponential))).toBeCloseTo(1, 1)
  })
})

describe('shuffling', () => {
  it('keeps every item and leaves the original alone', () => {
    const items = [1, 2, 3, 4, 5]
    const result = shuffled(items, seededRandom(3, 'shuffle'))
    expect(items).toEqual([1, 2, 3, 4, 5])
    expect([...result].sort()).toEqual(items)
  })

  it('puts every item first equally often', () => {
    const random = seededRandom(5, 'fair')
    const firsts = [0, 0, 0]
    for (let round = 0; round < 30_000; round++) {
      const first = shuffled([0, 1, 2], random)[0] ?? 0
      firsts[first] = (firsts[first] ?? 0) + 1
    }
    // 10,000 each; five standard deviations are about 410.
    for (const count of firsts) expect(Math.abs(count - 10_000)).toBeLessThan(410)
  })
})
