import { expect, it } from 'vitest'
import { CLOSED, makeMeasurement } from './measurement-fixture.ts'
import { piecesOf } from './pieces.ts'

const STEPS = {
  model: 'open',
  requestRate: 300,
  profile: { shape: 'steps', requestRates: [200, 400] },
  distribution: 'constant',
  maxInFlight: 8,
  connections: 8,
} as const

/** One second at 200/s taking 2 ms, one at 400/s taking 5 ms. */
const measurement = makeMeasurement({
  load: STEPS,
  windowMs: 2000,
  requests: [
    ...Array.from({ length: 200 }, (_, k) => ({ dueMs: k * 5, receivedMs: k * 5 + 2 })),
    ...Array.from({ length: 400 }, (_, k) => ({ dueMs: 1000 + k * 2.5, receivedMs: 1000 + k * 2.5 + 5 })),
  ],
})

it('tells the steps of a load apart, by when requests were due', () => {
  const pieces = piecesOf(STEPS, [measurement, measurement])
  expect(pieces).toEqual([
    { requestsPerSec: 200, completed: 400, failed: 0, p50Ms: 2, p99Ms: null },
    { requestsPerSec: 400, completed: 800, failed: 0, p50Ms: 5, p99Ms: 5 },
  ])
})

it('cuts a ramp into equal parts, and leaves a steady load alone', () => {
  const ramp = { ...STEPS, profile: { shape: 'ramp', requestRates: [200, 400] } } as const
  expect(piecesOf(ramp, [measurement])).toHaveLength(10)
  expect(piecesOf(ramp, [])?.[0]).toEqual({ requestsPerSec: 0, completed: 0, failed: 0, p50Ms: null, p99Ms: null })
  expect(piecesOf({ ...STEPS, profile: null }, [measurement])).toBeNull()
  expect(piecesOf(CLOSED, [measurement])).toBeNull()
})
