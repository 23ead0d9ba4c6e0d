import fc from 'fast-check'
import { expect, it } from 'vitest'
import { holm } from './holm.ts'

it('adjusts the textbook’s four p-values', () => {
  expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02].map((p) => expect.closeTo(p, 12)))
})

it('changes nothing for one comparison, and returns nothing for none', () => {
  expect(holm([0.04])).toEqual([0.04])
  expect(holm([])).toEqual([])
})

it('is never below the raw value nor above Bonferroni’s, and keeps the order', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 }), (raw) => {
      const adjusted = holm(raw)
      raw.forEach((p, index) => {
        expect(adjusted[index]).toBeGreaterThanOrEqual(p)
        expect(adjusted[index]).toBeLessThanOrEqual(Math.min(1, p * raw.length))
        raw.forEach((other, at) => {
          if (p < other) expect(adjusted[index]).toBeLessThanOrEqual(adjusted[at] ?? 0)
        })
      })
    }),
  )
})
