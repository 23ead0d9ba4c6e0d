import { expect, it } from 'vitest'
import { emptyColumns, OUTCOMES, type RequestColumns } from '../load/request-columns.ts'
import { watchWarmup } from './warmup-series.ts'

/** [due ms, latency ms] each; completed ones, unless told otherwise. */
function records(requests: readonly (readonly [number, number])[], outcome: 'ok' | 'timeout' = 'ok'): RequestColumns {
  const columns = emptyColumns(requests.length)
  for (const [row, [dueMs, latencyMs]] of requests.entries()) {
    columns.scheduledNs[row] = dueMs * 1e6
    columns.receivedNs[row] = (dueMs + latencyMs) * 1e6
    columns.outcome[row] = OUTCOMES.indexOf(outcome)
  }
  return columns
}

it('counts completed requests in 40 parts of the warm-up, with the median of each', () => {
  const watch = watchWarmup(400)
  watch.add(
    records([
      [0, 5],
      [1, 2],
      [9, 300],
      [10, 7],
    ]),
  )
  watch.add(records([[12, 1]], 'timeout'))
  // Due after the end, since the first part of a warm-up awaits what is in flight.
  watch.add(records([[403, 4]]))
  const { blockMs, counts, medianMs } = watch.series()
  expect(blockMs).toBe(10)
  expect(counts).toEqual([3, 1, ...new Array<number>(37).fill(0), 1])
  expect(medianMs[0]).toBeCloseTo(5, 1)
  expect(medianMs[1]).toBeCloseTo(7, 1)
  expect(medianMs[2]).toBeNull()
  expect(medianMs[39]).toBeCloseTo(4, 1)
})

it('takes medians to 0.1 percent, and no more memory for more requests', () => {
  const watch = watchWarmup(40)
  for (let chunk = 0; chunk < 50; chunk++) {
    watch.add(records(Array.from({ length: 1000 }, (_, index) => [0.5, 1 + index / 1000] as const)))
  }
  const { counts, medianMs } = watch.series()
  expect(counts[0]).toBe(50_000)
  expect(Math.abs((medianMs[0] ?? 0) / 1.4995 - 1)).toBeLessThan(0.001)
})
