import { expect, it } from 'vitest'
import { quantile } from './quantile.ts'
import { thinned, weightedQuantile } from './weighted-quantile.ts'

const upTo = (count: number, factor = 1) => Array.from({ length: count }, (_, index) => factor * (index + 1))

it('is the quantile of all values where every log kept all of its own', () => {
  const [one, other] = [upTo(7), upTo(40, 3)]
  const pooled = Float64Array.from([...one, ...other]).sort()
  for (const fraction of [0, 0.25, 0.5, 0.9, 0.99, 1]) {
    const logs = [
      { values: one, count: one.length },
      { values: other, count: other.length },
    ]
    expect(weightedQuantile(logs, fraction)).toBeCloseTo(quantile(pooled, fraction), 9)
  }
  expect(weightedQuantile([], 0.5)).toBeNull()
})

it('weighs a log by how many values it stands for', () => {
  const logs = [
    { values: upTo(500, 0.02), count: 9900 },
    { values: upTo(50, 20), count: 100 },
  ]
  expect(Math.abs((weightedQuantile(logs, 0.5) ?? 0) - 5.05)).toBeLessThan(0.05)
  expect(weightedQuantile(logs, 0.97)).toBeLessThan(11)
  expect(weightedQuantile(logs, 0.9995)).toBeGreaterThan(900)
})

it('keeps the quantiles of many values in few', () => {
  const values = upTo(20_000).reverse()
  const kept = thinned({ values, count: 20_000 }, 512)
  expect(kept.values).toHaveLength(512)
  for (const fraction of [0.5, 0.99]) {
    expect((weightedQuantile([kept], fraction) ?? 0) / (20_000 * fraction)).toBeCloseTo(1, 2)
  }
  expect(thinned({ values: [3, 1, 2], count: 3 }, 512)).toEqual({ values: [1, 2, 3], count: 3 })
})
