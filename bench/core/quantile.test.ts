import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quantile, sortedCopy } from './quantile.ts'

const sorted = (...values: number[]) => sortedCopy(Float64Array.from(values))

describe('the quantile', () => {
  it.each([
    [[1, 2, 3, 4], 0.25, 1.75, 'numpy.percentile([1,2,3,4], 25)'],
    [[1, 2, 3, 4], 0.5, 2.5, 'even count: the middle of two'],
    [[3, 1, 2], 0.5, 2, 'odd count: the middle one'],
    [[7], 0.99, 7, 'one value is every quantile'],
    [[10, 20, 30, 40, 50], 0.9, 46, 'between the last two'],
    [[1, 2], 0, 1, 'the smallest'],
    [[1, 2], 1, 2, 'the largest'],
  ])('of %j at %d is %d: %s', (values, fraction, expected) => {
    expect(quantile(sorted(...values), fraction)).toBeCloseTo(expected, 12)
  })

  it('sorts numbers by value, not as text', () => {
    expect([...sorted(10, 9, 100)]).toEqual([9, 10, 100])
  })

  it('does not exist for no values', () => {
    expect(() => quantile(new Float64Array(0), 0.5)).toThrow(RangeError)
  })

  it('rises with the fraction, stays inside the values, and follows a shift and a scale', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 })
    const fraction = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(values, fraction, fraction, (list, one, other) => {
        const all = sorted(...list)
        const [low, high] = [quantile(all, Math.min(one, other)), quantile(all, Math.max(one, other))]
        expect(low).toBeLessThanOrEqual(high + 1e-9)
        expect(low).toBeGreaterThanOrEqual((all[0] ?? 0) - 1e-9)
        expect(high).toBeLessThanOrEqual((all.at(-1) ?? 0) + 1e-9)
        expect(
          quantile(
            all.map((value) => 2 * value + 1),
            one,
          ),
        ).toBeCloseTo(2 * quantile(all, one) + 1, 5)
      }),
    )
  })
})
