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

export interface CellSamples {
  /** Received − due: what percentiles are of. */
  readonly response: Series
  /** Received − sent. */
  readonly service: Series
  /** Sent − due. */
  readonly sendLag: Series
}

/** Time blocks per repetition: 10 to 30 batches are what batch means need (Schmeiser 1982, Operations Research 30:556–568). */
export const BLOCKS = 16

const OK = OUTCOMES.indexOf('ok')
const CENSORED = OUTCOMES.indexOf('censored')
const NS_PER_MS = 1e6

/** Which block of the window an instant falls into; what comes after the window belongs to the last one. */
export function blockOf(timeNs: number, windowNs: number): number {
  return windowNs > 0 ? Math.min(BLOCKS - 1, Math.max(0, Math.floor((timeNs / windowNs) * BLOCKS))) : 0
}

/** Of a cell's measurements; those without a window are left out. */
export function samplesOf(measurements: readonly Measurement[]): CellSamples {
  const measured = measurements.filter(({ windowNs }) => windowNs > 0).map((measurement) => seriesOf(measurement))
  return {
    response: measured.map(({ response }) => response),
    service: measured.map(({ service }) => service),
    sendLag: measured.map(({ sendLag }) => sendLag),
  }
}

function seriesOf({ columns, windowNs, trial }: Measurement) {
  const { scheduledNs, sentNs, receivedNs, outcome } = columns
  let count = 0
  for (let row = 0; row < columns.length; row++) if (counts(outcome[row])) count++
  const block = new Uint8Array(count)
  const columnsMs = {
    response: new Float64Array(count),
    service: new Float64Array(count),
    sendLag: new Float64Array(count),
  }
  let at = 0
  for (let row = 0; row < columns.length; row++) {
    if (!counts(outcome[row])) continue
    const due = scheduledNs[row] as number
    const sent = sentNs[row] as number
    const received = receivedNs[row] as number
    block[at] = blockOf(due, windowNs)
    columnsMs.response[at] = (received - due) / NS_PER_MS
    columnsMs.service[at] = (received - sent) / NS_PER_MS
    columnsMs.sendLag[at] = (sent - due) / NS_PER_MS
    at++
  }
  const series = (valuesMs: Float64Array): RepetitionSeries => ({ repetition: trial.repetition, valuesMs, block })
  return {
    response: series(columnsMs.response),
    service: series(columnsMs.service),
    sendLag: series(columnsMs.sendLag),
  }
}

function counts(outcome: number | undefined): boolean {
  return outcome === OK || outcome === CENSORED
}
