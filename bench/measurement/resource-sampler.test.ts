// Readings of a server's use become a window's use, and its course over the window.
import { expect, it } from 'vitest'
import { NO_RESOURCES, usedIn } from './resource-sampler.ts'

const sample = (seconds: number, cpuSeconds: number, throttledSeconds: number | null, memoryBytes: number) => ({
  atNs: 7e9 + seconds * 1e9,
  cpuSeconds,
  throttledSeconds,
  memoryBytes,
  gpu: null,
})

it('tells the mean over the window, the largest memory, and each stretch between two readings', () => {
  const used = usedIn([sample(0, 10, 1, 100), sample(1, 10.5, 1, 300), sample(2, 12, 1.4, 200)])
  expect(used).toMatchObject({ cpuFraction: 1, memoryBytes: 300 })
  expect(used.throttledFraction).toBeCloseTo(0.2, 10)
  expect(used.series.map(({ offsetMs, cpuFraction }) => [offsetMs, cpuFraction])).toEqual([
    [1000, 0.5],
    [2000, 1.5],
  ])
})

it('tells nothing of what it was not told', () => {
  expect(usedIn([sample(0, 10, null, 100)])).toEqual(NO_RESOURCES)
  expect(usedIn([sample(0, 10, null, 100), sample(1, 11, null, 100)]).throttledFraction).toBeNull()
})
