import { expect, it } from 'vitest'
import { DelayMeter } from './delay-meter.ts'

it('tells the length of the stretches of work that 99 % of the time lies within', () => {
  const meter = new DelayMeter()
  for (let count = 0; count < 900; count++) meter.add(100e3)
  expect(meter.p99Ms(1e9)).toBeCloseTo(0.1, 1)
  // 8 ms of a second are less than a hundredth of it, 16 ms are more.
  meter.add(8e6)
  expect(meter.p99Ms(1e9)).toBeCloseTo(0.1, 1)
  meter.add(8e6)
  expect(meter.p99Ms(1e9)).toBeCloseTo(8, 1)
})

it('tells the longest stretch where it is longer than it keeps apart, and nothing of a thread that waits', () => {
  const meter = new DelayMeter()
  meter.add(5e6)
  expect(meter.p99Ms(1e9)).toBe(0)
  meter.add(250e6)
  meter.add(30e6)
  expect(meter.p99Ms(1e9)).toBe(250)
})
