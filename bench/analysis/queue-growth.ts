// An open loop that is asked for more than the server can do: by how much the queue's wait grew over each window.
import { OUTCOMES } from '../load/request-columns.ts'
import type { Measurement } from '../measurement/types.ts'
import { rowsAtEdge } from './rows-at-edge.ts'

const OK = OUTCOMES.indexOf('ok')

/** All windows together compare this many requests at each edge; of each window at most half of its requests. */
const COMPARED = 8
/** Of as many, each slower than each of as many others, by chance: once in 70 cells. */
const FEWEST = 4

/**
 * By how much the last requests of each window were answered later than its first ones, in ns; 0 where not every one of
 * the last took longer than every one of the first, over all windows: then nothing queues up.
 */
export function queueGrowthNs(measurements: readonly Measurement[]): readonly number[] {
  const perWindow = Math.max(2, Math.ceil(COMPARED / Math.max(1, measurements.length)))
  const edges = measurements.map((measurement) => ({
    first: latenciesAt('first', measurement, perWindow),
    last: latenciesAt('last', measurement, perWindow),
  }))
  const first = edges.flatMap((edge) => edge.first)
  const last = edges.flatMap((edge) => edge.last)
  if (first.length < FEWEST || Math.min(...last) <= Math.max(...first)) return measurements.map(() => 0)
  return edges.map((edge) => meanOf(edge.last) - meanOf(edge.first))
}

function latenciesAt(edge: 'first' | 'last', { columns, windowNs }: Measurement, most: number): number[] {
  const { scheduledNs, receivedNs, outcome } = columns
  let completed = 0
  for (let row = 0; row < columns.length; row++) if (outcome[row] === OK) completed++
  const count = Math.min(most, Math.floor(completed / 2))
  return rowsAtEdge(columns, scheduledNs, { edge, count, windowNs, outcome: OK }).map(
    (row) => (receivedNs[row] as number) - (scheduledNs[row] as number),
  )
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
