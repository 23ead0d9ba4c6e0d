// The records that were first or last in a window, without sorting all of them: a long window holds millions.
import type { TimeColumns } from '../load/request-columns.ts'

export interface Edge {
  readonly edge: 'first' | 'last'
  /** How many records; fewer where there are not as many. */
  readonly count: number
  readonly windowNs: number
  /** Only records with this outcome; all of them where it is left out. */
  readonly outcome?: number
}

/** Records whose time is this near to the edge are looked at first. */
const NEAR = 1 / 8

/** Rows with the smallest or the largest of the given times, the one nearest to the edge first. */
export function rowsAtEdge(columns: TimeColumns, timesNs: Float64Array, edge: Edge): readonly number[] {
  const isFirst = edge.edge === 'first'
  const near = rowsWithin(columns, timesNs, { ...edge, limitNs: edge.windowNs * (isFirst ? NEAR : 1 - NEAR) })
  const everywhere = { ...edge, limitNs: isFirst ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY }
  const candidates = near.length >= edge.count ? near : rowsWithin(columns, timesNs, everywhere)
  const direction = isFirst ? 1 : -1
  return candidates
    .sort((one, other) => direction * ((timesNs[one] as number) - (timesNs[other] as number)))
    .slice(0, edge.count)
}

function rowsWithin(
  { length, outcome }: TimeColumns,
  timesNs: Float64Array,
  { edge, outcome: wanted, limitNs }: Edge & { readonly limitNs: number },
): number[] {
  const rows: number[] = []
  for (let row = 0; row < length; row++) {
    if (wanted !== undefined && outcome[row] !== wanted) continue
    const timeNs = timesNs[row] as number
    if (edge === 'first' ? timeNs <= limitNs : timeNs >= limitNs) rows.push(row)
  }
  return rows
}
