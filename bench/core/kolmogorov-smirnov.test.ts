import { expect, it } from 'vitest'
import { ksDistance, ksPValue } from './kolmogorov-smirnov.ts'
import { seededRandom } from './random.ts'

it('has the distances that can be counted by hand', () => {
  const uniform = (value: number) => value
  expect(ksDistance(Float64Array.of(0.5), uniform)).toBe(0.5)
  expect(ksDistance(Float64Array.of(0.1, 0.2, 0.3), uniform)).toBeCloseTo(0.7)
})

it('gives the critical values of the table', () => {
  // 1.3581/√n at 5 % and 1.6276/√n at 1 % for large n.
  expect(ksPValue(1.3581 / 1000, 1e6)).toBeCloseTo(0.05, 3)
  expect(ksPValue(1.6276 / 1000, 1e6)).toBeCloseTo(0.01, 3)
  expect(ksPValue(0, 100)).toBe(1)
})

it('rejects true hypotheses as often as it says, and false ones', () => {
  const random = seededRandom(1, 'ks')
  const cdf = (value: number) => 1 - Math.exp(-value)
  let rejected = 0
  for (let round = 0; round < 400; round++) {
    const values = Float64Array.from({ length: 200 }, () => random.exponential()).sort()
    if (ksPValue(ksDistance(values, cdf), 200) < 0.05) rejected++
  }
  // 400 tries at 5 %: 20, give or take three standard deviations of 4.4.
  expect(rejected).toBeGreaterThan(6)
  expect(rejected).toBeLessThan(34)
  const others = Float64Array.from({ length: 2000 }, () => Math.abs(random.normal())).sort()
  expect(ksPValue(ksDistance(others, cdf), 2000)).toBeLessThan(1e-6)
})
