// `measure.duration: auto`: how precisely a cell is known, and when it has been measured enough.
import { significant } from '../core/units.ts'
import { intervalOf } from './intervals.ts'
import { PERCENTILES } from './latency.ts'
import type { Problem } from './problems.ts'
import type { CellSummary, Estimate } from './run-document.ts'
import { samplesFor } from './sample-size.ts'
import type { SortedSeries } from './sorted-series.ts'
import { quantileSpread } from './spread.ts'

/** Half widths of the 95 % intervals, as fractions of the values. */
export interface Widths {
  /** null where too few samples carry the percentile. */
  readonly p50: number | null
  readonly p99: number | null
}

/** Those that are wanted at most. */
export interface WantedWidths {
  readonly p50: number
  readonly p99: number
}

export function widthsOf(sorted: SortedSeries): Widths {
  const width = (name: keyof Widths) =>
    sorted.pooled.length >= samplesFor(PERCENTILES[name])
      ? halfWidthOf(intervalOf(quantileSpread(sorted, PERCENTILES[name])))
      : null
  return { p50: width('p50'), p99: width('p99') }
}

/** Of an estimate that is not 0. */
function halfWidthOf({ value, low, high }: Estimate): number {
  return (high - low) / 2 / value
}

export function isPrecise({ p50, p99 }: Widths, wanted: WantedWidths): boolean {
  return p50 !== null && p99 !== null && p50 <= wanted.p50 && p99 <= wanted.p99
}

/**
 * Repetitions whose scatter is small by chance stop a measurement too early, and their interval is too short: so it
 * has to be narrow several times in a row. `node bench/analysis/stopping.ts` prints the coverage.
 */
const LOOKS_IN_A_ROW = 3

/** @param looks whether the cell was precise, after each round so far */
export function isSettled(looks: readonly boolean[]): boolean {
  return looks.length >= LOOKS_IN_A_ROW && looks.slice(-LOOKS_IN_A_ROW).every(Boolean)
}

/** A quarter more each time: few looks, each of which could stop too early, and not much more than is needed. */
const GROWTH = 0.25

/** How many repetitions the next round adds to those that there are. */
export function roundOf(repetitions: number, most: number): number {
  return Math.max(0, Math.min(Math.ceil(repetitions * GROWTH), most - repetitions))
}

/** Of a cell whose time was up: its numbers stand, and are what they are. */
export function notPrecise({ latencyMs, counts, repetitions }: CellSummary, wanted: WantedWidths): Problem[] {
  const width = (estimate: Estimate | null) => estimate && halfWidthOf(estimate)
  const widths = { p50: width(latencyMs.p50), p99: width(latencyMs.p99) }
  // Where nothing was answered, another problem says why.
  if (counts.completed === 0 || isPrecise(widths, wanted)) return []
  const known = (name: keyof Widths) => {
    const width = widths[name]
    return `${name} is ${width === null ? 'not known' : `known to ${percent(width)}`} (wanted: ${percent(wanted[name])})`
  }
  return [
    {
      code: 'not-precise',
      message: `after ${repetitions} repetitions ${known('p50')}, and ${known('p99')}`,
      remedy: 'raise measure.auto.limit, or ask for less: measure.auto.p50 and measure.auto.p99',
    },
  ]
}

const percent = (width: number) => `±${Number(significant(width * 100, 2))} %`
