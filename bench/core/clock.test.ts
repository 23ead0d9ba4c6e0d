import { expect, it } from 'vitest'
import { nowNs, pauseUntil } from './clock.ts'

it('a pause ends at the instant that must not be missed, and at once when that is past', () => {
  const dueNs = nowNs() + 1000
  expect(pauseUntil(dueNs)).toBeGreaterThanOrEqual(dueNs)
  // The shortest of many: the machine is shared.
  const pausesNs = Array.from({ length: 100 }, () => {
    const startNs = nowNs()
    return pauseUntil(startNs - 1) - startNs
  })
  expect(Math.min(...pausesNs)).toBeLessThan(3000)
})

it('a pause with nothing to wait for takes microseconds', () => {
  const startNs = nowNs()
  const pauses = 100
  for (let pause = 0; pause < pauses; pause++) pauseUntil(Number.POSITIVE_INFINITY)
  const eachNs = (nowNs() - startNs) / pauses
  expect(eachNs).toBeGreaterThanOrEqual(3000)
  expect(eachNs).toBeLessThan(1e6)
})
