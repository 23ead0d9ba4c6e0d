// Completed requests per second, from the records of whole requests: unbiased however long a request is beside its window.
import { OUTCOMES, type TimeColumns } from '../load/request-columns.ts'
import type { Measurement } from '../measurement/types.ts'
import type { LoadModel } from '../plan/types.ts'
import { queueGrowthNs } from './queue-growth.ts'
import { rowsAtEdge } from './rows-at-edge.ts'
import { BLOCKS, blockOf } from './samples.ts'
import { type CountedWindow, rateSpread, type Spread } from './spread.ts'

type OpenLoad = Extract<LoadModel, { model: 'open' }>

const OK = OUTCOMES.indexOf('ok')

/** `null` where nothing was completed. Windows without a length are left out. */
export function throughputOf(load: LoadModel, measurements: readonly Measurement[]): Spread | null {
  const measured = measurements.filter(({ windowNs }) => windowNs > 0)
  if (load.model === 'closed') {
    return rateSpread(closedWindows(measured, load.concurrency), { edgeRequests: 0 })
  }
  return rateSpread(openWindows(load, measured), { edgeRequests: gapSecOf(load) === null ? 1 : 0 })
}

/**
 * A closed loop's slots are never idle: each goes from its first request to its last one, which ends after the window.
 * The requests that they completed, over the time that this took them, is their rate (Wald's equation: both sums end
 * with the first request that ends after the window, so that neither short nor long ones are preferred).
 *
 * The first request of every slot meets a server without work, and where slots queue behind each other it is too fast:
 * it is left out where there are others.
 */
function closedWindows(measurements: readonly Measurement[], concurrency: number): CountedWindow[] {
  const requests = measurements.reduce((sum, { columns }) => sum + columns.length, 0)
  const leavesFirstOut = concurrency > 1 && requests >= 2 * concurrency * measurements.length
  return measurements.map((measurement) => closedWindow(measurement, concurrency, leavesFirstOut))
}

function closedWindow(
  { columns, windowNs, trial }: Measurement,
  concurrency: number,
  leavesFirstOut: boolean,
): CountedWindow {
  const { sentNs, receivedNs } = columns
  const first = rowsAtEdge(columns, sentNs, { edge: 'first', count: concurrency, windowNs })
  const last = rowsAtEdge(columns, receivedNs, { edge: 'last', count: concurrency, windowNs })
  const begunNs = total(first, leavesFirstOut ? receivedNs : sentNs)
  const unused = concurrency - last.length
  const slotsNs = total(last, receivedNs) - begunNs + unused * windowNs
  const left = new Set(leavesFirstOut ? first : [])
  const countByBlock = new Float64Array(BLOCKS)
  const spanByBlock = new Float64Array(BLOCKS)
  let spansNs = 0
  for (let row = 0; row < columns.length; row++) {
    if (left.size > 0 && left.has(row)) continue
    const sent = sentNs[row] as number
    const spanNs = (receivedNs[row] as number) - sent
    const block = blockOf(sent, windowNs)
    spansNs += spanNs
    spanByBlock[block] = (spanByBlock[block] as number) + spanNs
    if (columns.outcome[row] === OK) countByBlock[block] = (countByBlock[block] as number) + 1
  }
  // What a slot waited between two requests for the generator is shared out like the requests’ own time.
  const slotSec = slotsNs / concurrency / 1e9
  return {
    repetition: trial.repetition,
    countByBlock,
    secByBlock: spanByBlock.map((span) => (spansNs > 0 ? (span / spansNs) * slotSec : slotSec / BLOCKS)),
  }
}

/**
 * Completed requests of those due in the window, over the time in which they were due. A queue that grew over the window is
 * answered only after its end, so its growth is added to that time.
 */
function openWindows(load: OpenLoad, measurements: readonly Measurement[]): CountedWindow[] {
  const growthNs = queueGrowthNs(measurements)
  const gapSec = gapSecOf(load)
  return measurements.map(({ columns, windowNs, dropped, trial }, index) => {
    const dueSec = gapSec === null ? windowNs / 1e9 : (columns.length + dropped) * gapSec
    const sec = dueSec === 0 ? 0 : dueSec + (growthNs[index] ?? 0) / 1e9
    return {
      repetition: trial.repetition,
      countByBlock: completedByBlock(columns, windowNs),
      secByBlock: new Float64Array(BLOCKS).fill(sec / BLOCKS),
    }
  })
}

/**
 * Seconds from one request to the next; null if they vary. Requests were due for a whole number of these gaps, which the
 * window's length may exceed by part of one.
 */
function gapSecOf({ distribution, profile, requestRate }: OpenLoad): number | null {
  return distribution === 'constant' && profile === null ? 1 / requestRate : null
}

function completedByBlock({ length, scheduledNs, outcome }: TimeColumns, windowNs: number): Float64Array {
  const countByBlock = new Float64Array(BLOCKS)
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK) continue
    const block = blockOf(scheduledNs[row] as number, windowNs)
    countByBlock[block] = (countByBlock[block] as number) + 1
  }
  return countByBlock
}

function total(rows: readonly number[], timesNs: Float64Array): number {
  return rows.reduce((sum, row) => sum + (timesNs[row] as number), 0)
}
