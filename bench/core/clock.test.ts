import { expect, it } from 'vitest'
import { nowNs, pauseUntil } from './clock.ts'

it('a pause ends at the instant that must not be missed, and at once when that is past', () => {
  const dueNs = nowNs() + 1000
  expect(pauseUntil(dueNs)).toBeGreaterThanOrEqual(dueNs)
  const beforeNs = nowNs()
  expect(pauseUntil(beforeNs - 1) - beforeNs).toBeLessThan(pauseUntil(Number.POSITIVE_INFINITY) - beforeNs)
})

it('a pause with nothing to wait for takes microseconds', () => {
  const startNs = nowNs()
  const pauses = 100
  for (let pause = 0; pause < pauses; pause++) pauseUntil(Number.POSITIVE_INFINITY)
  const eachNs = (nowNs() - startNs) / pauses
  expect(eachNs).toBeGreaterThanOrEqual(3000)
  expect(eachNs).toBeLessThan(1e6)
})
