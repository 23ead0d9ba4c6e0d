// Numbers with their intervals, as a person reads them.
import { describe, expect, it } from 'vitest'
import { estimateCount, estimateMs } from './cell-text.ts'

describe('an estimate', () => {
  it('stands with its interval', () => {
    expect(estimateCount({ value: 71, low: 60, high: 80 })).toBe('71.0 [60.0–80.0]')
    expect(estimateCount({ value: 0, low: 0, high: 0 })).toBe('0 [0–0]')
  })

  it.each([
    ['from nearly 0 to far above', { value: 71, low: 0.0002, high: 23_414_935 }],
    ['from 0', { value: 71, low: 0, high: 970 }],
  ])('is not given an interval that says nothing: %s', (_, estimate) => {
    expect(estimateCount(estimate)).toBe('71.0 [?]')
    expect(estimateMs(estimate)).toBe('71.0 [?]')
  })
})
