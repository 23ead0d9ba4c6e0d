// Numbers with their intervals, as a person reads them.
import { describe, expect, it } from 'vitest'
import { loadText } from '../analysis/load-text.ts'
import { loadKeyOf } from '../analysis/run-document.ts'
import { estimateCount, estimateMs, loadsOf } from './cell-text.ts'
import { makeReportInput } from './fixture.ts'

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

describe('loads', () => {
  const open = (requestRate: number) =>
    ({ model: 'open', requestRate, profile: null, distribution: 'poisson', maxInFlight: 64, connections: 64 }) as const

  it('whose rates differ a little are two, with texts of their own', () => {
    expect([200.1, 200.4, 700 / 3, 9000, 0.7].map((rate) => loadText(open(rate)))).toEqual([
      '200.1 requests/s poisson',
      '200.4 requests/s poisson',
      '233.333 requests/s poisson',
      '9,000 requests/s poisson',
      '0.7 requests/s poisson',
    ])
    const [cell] = makeReportInput().run.cells
    if (cell === undefined) throw new Error('the fixture has no cell')
    const cells = [200.1, 200.4, 200.1].map((rate) => ({ ...cell, load: open(rate) }))
    expect(loadsOf(cells).map(loadKeyOf)).toEqual([loadKeyOf(open(200.1)), loadKeyOf(open(200.4))])
  })
})
