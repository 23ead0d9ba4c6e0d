import { describe, expect, it } from 'vitest'
import { type Random, seededRandom } from '../core/random.ts'
import { changePoints } from './change-points.ts'

/** Runs of a server whose p50 is 10 ms and differs by 2 % from run to run. */
const level = (random: Random, count: number, ms = 10) =>
  Array.from({ length: count }, () => ms * Math.exp(0.02 * random.normal()))

describe('change points', () => {
  it('are where the level changed, with the size of the change', () => {
    const random = seededRandom(1, 'steps')
    const found = changePoints([...level(random, 12), ...level(random, 10, 12), ...level(random, 12, 9)])
    expect(found.map(({ index }) => index)).toEqual([12, 22])
    expect(found[0]?.change).toBeCloseTo(0.2, 1)
    expect(found[1]?.change).toBeCloseTo(-0.25, 1)
  })

  it('show as soon as four runs of twenty are slower', () => {
    const random = seededRandom(2, 'late')
    expect(changePoints([...level(random, 16), ...level(random, 4, 12)]).map(({ index }) => index)).toEqual([16])
  })

  it.each([
    ['one spike', [10, 10.1, 9.9, 10.2, 10, 99, 9.8, 10.1, 10, 9.9, 10.2, 10.1]],
    ['two odd runs at the end', [10, 10.1, 9.9, 10.2, 10, 9.8, 10.1, 10, 9.9, 10.2, 15, 15]],
    ['too few runs', [10, 10, 10, 20, 20, 20]],
    ['a change that is too small', [...Array(10).fill(10), ...Array(10).fill(10.1)]],
    ['values that are all the same', Array(20).fill(10)],
    ['no value', []],
  ])('are not made of %s', (_, values) => {
    expect(changePoints(values)).toEqual([])
  })

  it('are found in at most 2 % of 500 histories in which nothing changed', () => {
    const random = seededRandom(3, 'alike')
    const alarms = Array.from({ length: 500 }, () => changePoints(level(random, 20))).filter(({ length }) => length > 0)
    expect(alarms.length / 500).toBeLessThanOrEqual(0.02)
  })

  it.each([
    [0.85, 0.05],
    [0.99, 0.1],
  ])('are found in a share of at least %s of 200 histories that change by %s', (share, change) => {
    const random = seededRandom(4, 'power')
    const found = Array.from({ length: 200 }, () =>
      changePoints([...level(random, 12), ...level(random, 8, 10 * (1 + change))]),
    )
    expect(found.filter(({ length }) => length > 0).length / 200).toBeGreaterThanOrEqual(share)
  })
})
