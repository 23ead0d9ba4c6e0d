import { expect, it } from 'vitest'
import { FreeLanes } from './free-lanes.ts'

it('gives the lane that became free last', () => {
  const free = new FreeLanes(3, 1)
  expect([free.take(), free.take()]).toEqual([0, 1])
  free.add(1)
  free.add(0)
  expect([free.take(), free.take(), free.take(), free.isEmpty]).toEqual([0, 1, 2, true])
})

it('gives the groups in turn, and a lane of another where one has none left', () => {
  const free = new FreeLanes(5, 2)
  const taken = Array.from({ length: 5 }, () => free.take())
  expect(taken).toEqual([0, 1, 2, 3, 4])
  free.add(2)
  free.add(3)
  // The same two lanes again and again carry a slow load over both groups.
  for (let round = 0; round < 3; round++) {
    const [one, other] = [free.take(), free.take()]
    expect(new Set([one, other])).toEqual(new Set([2, 3]))
    free.add(one)
    free.add(other)
  }
})

it('has no more groups than lanes', () => {
  const free = new FreeLanes(1, 3)
  expect([free.take(), free.isEmpty]).toEqual([0, true])
})
