import { expect, it } from 'vitest'
import { ConnectLog, mergeConnects } from './connect-times.ts'

function logOf(count: number, ms: (index: number) => number) {
  const log = new ConnectLog()
  for (let index = 0; index < count; index++) log.add(ms(index) * 1e6)
  return log.result()
}

it('connect times of several threads are quantiles of all of them, not the worst thread’s', () => {
  const quick = logOf(995, (index) => 1 + index / 1000)
  const late = logOf(5, () => 500)
  const { made, p50Ms, p99Ms } = mergeConnects([quick, late, logOf(0, () => 0)])
  expect(made).toBe(1000)
  expect(p50Ms).toBeCloseTo(1.5, 1)
  expect(p99Ms).toBeLessThan(10)
})

it('connect times keep to a bound, and stand for the whole phase', () => {
  const { made, p50Ms, p99Ms, tookMs } = logOf(100_000, (index) => index)
  expect(made).toBe(100_000)
  expect(tookMs.length).toBeLessThanOrEqual(512)
  expect((p50Ms ?? 0) / 50_000).toBeCloseTo(1, 2)
  expect((p99Ms ?? 0) / 99_000).toBeCloseTo(1, 2)
  const few = mergeConnects([logOf(100_000, () => 1), logOf(100, () => 9)])
  expect(few).toMatchObject({ made: 100_100, p50Ms: 1, p99Ms: 1 })
})

it('no connection made is no time, not 0', () => {
  expect(mergeConnects([logOf(0, () => 0)])).toEqual({ made: 0, p50Ms: null, p99Ms: null, tookMs: [] })
})
