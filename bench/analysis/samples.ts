// Request records of a cell's repetitions → series of milliseconds with repetition and time block, ready to be pooled.
import { OUTCOMES } from '../load/request-columns.ts'
import type { Measurement } from '../measurement/types.ts'

/**
 * One repetition's completed requests, and those that were in flight when an interrupted window was cut off: their age
 * is the least that their latency can have been, and leaving them out would leave out the slowest. Same index, same request.
 */
export interface RepetitionSeries {
  readonly repetition: number
  readonly valuesMs: Float64Array
  /** Which of `BLOCKS` equal parts of the window the request was due in. */
  readonly block: Uint8Array
}

export type Series = readonly RepetitionSeries[]

/** `response`: received − due, what percentiles are of. `service`: received − sent. `sendLag`: sent − due. */
export type TimeKind = 'response' | 'service' | 'sendLag'

/** Time blocks per repetition: 10 to 30 batches are what batch means need (Schmeiser 1982, Operations Research 30:556–568). */
export const BLOCKS = 16

const OK = OUTCOMES.indexOf('ok')
const CENSORED = OUTCOMES.indexOf('censored')
const NS_PER_MS = 1e6

/** Which block of the window an instant falls into; what comes after the window belongs to the last one. */
export function blockOf(timeNs: number, windowNs: number): number {
  return windowNs > 0 ? Math.min(BLOCKS - 1, Math.max(0, Math.floor((timeNs / windowNs) * BLOCKS))) : 0
}

/**
 * One time of a cell's measurements, in ms; those without a window are left out. One at a time, because each takes a
 * quarter of the memory that the records do.
 */
export function seriesOf(measurements: readonly Measurement[], kind: TimeKind): Series {
  return measurements.filter(({ windowNs }) => windowNs > 0).map((measurement) => repetitionOf(measurement, kind))
}

function repetitionOf({ columns, windowNs, trial }: Measurement, kind: TimeKind): RepetitionSeries {
  const { scheduledNs, sentNs, receivedNs, outcome } = columns
  const from = kind === 'service' ? sentNs : scheduledNs
  const to = kind === 'sendLag' ? sentNs : receivedNs
  let count = 0
  for (let row = 0; row < columns.length; row++) if (counts(outcome[row])) count++
  const block = new Uint8Array(count)
  const valuesMs = new Float64Array(count)
  let at = 0
  for (let row = 0; row < columns.length; row++) {
    if (!counts(outcome[row])) continue
    block[at] = blockOf(scheduledNs[row] as number, windowNs)
    valuesMs[at++] = ((to[row] as number) - (from[row] as number)) / NS_PER_MS
  }
  return { repetition: trial.repetition, valuesMs, block }
}

function counts(outcome: number | undefined): boolean {
  return outcome === OK || outcome === CENSORED
}

/** As blocks: from (inclusive), to (exclusive). */
const THIRD_BLOCKS = { first: [0, 5], middle: [5, 11], last: [11, BLOCKS] } as const

export type Third = keyof typeof THIRD_BLOCKS
export const THIRDS = Object.keys(THIRD_BLOCKS) as readonly Third[]

/** What was due in a third of the window. By loops: the windows of a long run hold millions of requests. */
export function duringThird({ repetition, valuesMs, block }: RepetitionSeries, third: Third): RepetitionSeries {
  const [from, to] = THIRD_BLOCKS[third]
  let count = 0
  for (const index of block) if (index >= from && index < to) count++
  const kept = { repetition, valuesMs: new Float64Array(count), block: new Uint8Array(count) }
  let at = 0
  for (let row = 0; row < block.length; row++) {
    const index = block[row] as number
    if (index < from || index >= to) continue
    kept.block[at] = index
    kept.valuesMs[at++] = valuesMs[row] as number
  }
  return kept
}
