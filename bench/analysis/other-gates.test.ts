import { describe, expect, it } from 'vitest'
import { CLOSED, closedLoop, makeMeasurement } from './measurement-fixture.ts'
import { failingGates, OTHER_GATES, repetitionValues } from './other-gates.ts'
import { summarise } from './summarise.ts'

const failing = (before: readonly number[], after: readonly number[]) =>
  OTHER_GATES.filter(({ fails }) => fails({ before, after })).map(({ name }) => name)

describe('other gates', () => {
  it('take one value against one', () => {
    expect(failing([10, 10], [10.6, 10.6])).toEqual(['previous value, 5 % more'])
    expect(failing([10, 12], [23, 23])).toContain('previous value, 200 %')
    expect(failing([10, 10], [9, 9])).toEqual([])
  })

  it('take the scatter of repetitions, as scipy.stats.ttest_ind(equal_var=False) does', () => {
    // p = 0.0475 and p = 0.0508
    expect(failing([10, 10.2, 9.8, 10.1], [10.3, 10.5, 10.1, 10.4])).toEqual(['t-test over repetitions, p < 0.05'])
    expect(failing([10, 10.2, 9.8, 10.1], [10.3, 10.5, 10.1, 10.36])).toEqual([])
  })

  it('get the planned repetitions only', () => {
    const deviations = [1, 2, 3].map((repetition) => ({ repetition, deviation: Math.log(repetition), weight: 1 / 3 }))
    const [one, two] = repetitionValues(
      { value: 10, deviations, within: null, shortfall: 0, tail: null, leastVariance: 0 },
      2,
    )
    expect(one).toBeCloseTo(10)
    expect(two).toBeCloseTo(20)
  })

  it('judge every target but the baseline, condition by condition, up to the repetitions that were planned', () => {
    const cells = (slow: { readonly target: string; readonly batchSize: number; readonly repetition: number }) =>
      ['before', 'after'].flatMap((target) =>
        [1, 4].map((batchSize) => {
          const key = { target, batchSize, load: CLOSED }
          const measurements = [1, 2, 3].map((repetition) => {
            const isSlow = slow.target === target && slow.batchSize === batchSize && slow.repetition === repetition
            return makeMeasurement({ ...key, repetition, ...closedLoop(Array(200).fill(isSlow ? 30 : 10)) })
          })
          return summarise(key, measurements, null)
        }),
      )
    const setting = { baseline: 'before', repetitions: 2 }
    expect(failingGates(cells({ target: 'after', batchSize: 4, repetition: 2 }), setting)).toContain(
      'previous value, 10 % more',
    )
    expect(failingGates(cells({ target: 'after', batchSize: 4, repetition: 3 }), setting)).toEqual([])
    expect(failingGates(cells({ target: 'before', batchSize: 1, repetition: 1 }), setting)).toEqual([])
  })
})
