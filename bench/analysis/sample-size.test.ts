import { binomialDistribution } from 'simple-statistics'
import { expect, it } from 'vitest'
import { samplesFor } from './sample-size.ts'

it.each([
  [0.5, 11],
  [0.9, 64],
  [0.95, 130],
  [0.99, 662],
  [0.999, 6636],
])('the quantile %d takes %d samples', (fraction, expected) => {
  expect(samplesFor(fraction)).toBe(expected)
})

it('is the smallest number for which at most one sample beyond is a 1 % chance, by an independent binomial', () => {
  const missed = (count: number, tail: number) => {
    const distribution = binomialDistribution(count, tail) ?? []
    return (distribution[0] ?? 0) + (distribution[1] ?? 0)
  }
  for (const fraction of [0.6, 0.9, 0.95]) {
    const count = samplesFor(fraction)
    expect(missed(count, 1 - fraction)).toBeLessThanOrEqual(0.01)
    expect(missed(count - 1, 1 - fraction)).toBeGreaterThan(0.01)
  }
})

it('takes as many for a low quantile as for its mirror image', () => {
  expect(samplesFor(0.25)).toBe(samplesFor(0.75))
})
