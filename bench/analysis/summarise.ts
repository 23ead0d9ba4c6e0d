// Measurements of one cell → its summary, with what comparisons and curves need beside it.

import { quantile } from '../core/quantile.ts'
import { OUTCOMES, type TimeColumns } from '../load/request-columns.ts'
import type { Measurement } from '../measurement/types.ts'
import type { CellKey, LoadModel } from '../plan/types.ts'
import { combineClient, combineConnects, combineResources, combineServer } from './combine.ts'
import { errorRateOf } from './error-rate.ts'
import { rateIntervalOf } from './intervals.ts'
import { type LatencySpreads, latencySpreads, summariseLatency } from './latency.ts'
import { latencyCurve } from './latency-curve.ts'
import { piecesOf } from './pieces.ts'
import type { CellSummary, Estimate, Floor, LatencyCurve } from './run-document.ts'
import { type Series, seriesOf } from './samples.ts'
import { sortSeries } from './sorted-series.ts'
import type { Spread } from './spread.ts'
import { drift } from './steadiness.ts'
import { throughputOf } from './throughput.ts'
import { problemsOf } from './validity.ts'
import { judgeWarmup } from './warmup.ts'

/** One repetition's answered requests, for the error rate. */
export interface ErrorCount {
  readonly repetition: number
  readonly failed: number
  readonly answered: number
}

export interface SummarisedCell {
  readonly cell: CellSummary
  /** Of the response times. */
  readonly latency: LatencySpreads
  readonly requestsPerSec: Spread | null
  readonly errors: readonly ErrorCount[]
  /** Response times as a curve for charts. */
  readonly curve: LatencyCurve['points']
}

const OK = OUTCOMES.indexOf('ok')
const CENSORED = OUTCOMES.indexOf('censored')
const MAX_EXAMPLES = 5
/** Requests were sent and none was completed: that is a rate. */
const NONE_COMPLETED: Estimate = { value: 0, low: 0, high: 0 }

/** Pure and total: cells without requests are all null and zero, never NaN. */
export function summarise(key: CellKey, measurements: readonly Measurement[], floor: Floor | null): SummarisedCell {
  // A closed loop sends when it is due: then both times are the same, and so is their summary.
  const isOnTime = measurements.every(({ columns }) => isSentWhenDue(columns))
  const series = seriesOf(measurements, 'response')
  const { spreads, latencyMs, curve } = latencyOf(series)
  const rate = throughputOf(key.load, measurements)
  const errors = measurements.map(errorCount)
  const counts = countsOf(measurements, errors)
  const requestsPerSec = rateOf(rate, counts)
  const facts = {
    target: key.target,
    batchSize: key.batchSize,
    load: key.load,
    engine: measurements[0]?.engine ?? 'none',
    repetitions: series.length,
    latencyMs,
    serviceMs: isOnTime ? latencyMs : latencyOf(seriesOf(measurements, 'service')).latencyMs,
    sendLagMs: isOnTime ? noLag(series) : sendLag(sortSeries(seriesOf(measurements, 'sendLag')).pooled),
    requestsPerSec,
    inferencesPerSec: requestsPerSec && times(requestsPerSec, key.batchSize),
    errorRate: errorRateOf(errors),
    counts,
    errors: mergeErrors(measurements),
    errorExamples: [...new Set(measurements.flatMap(({ errorExamples }) => errorExamples))].slice(0, MAX_EXAMPLES),
    server: combineServer(measurements),
    resources: combineResources(measurements),
    connects: combineConnects(measurements),
    pieces: piecesOf(key.load, measurements),
    client: combineClient(measurements, counts.completed + counts.failed, floor),
  }
  const missing = measurements.length === 0 ? [NOT_RUN] : []
  const spoiled = problemsOf(facts, measurements)
  const settling = judgeWarmup(key.load, measurements, spoiled)
  // One of the two is enough: what is not warm at the end of the warm-up drifts in the window, too.
  const unsteady = [...settling.problems, ...(isSteady(key.load) ? drift(series) : [])].slice(0, 1)
  const cell = { ...facts, warmup: settling.warmup, problems: [...missing, ...spoiled, ...unsteady] }
  return { cell, latency: spreads, requestsPerSec: rate, errors, curve }
}

/** Steps and ramps are told to rise: their latencies do. */
const isSteady = (load: LoadModel) => load.model === 'closed' || load.profile === null

const NOT_RUN = {
  code: 'not-run',
  message: 'no repetition of this cell was measured: the run ended before',
  remedy: 'run the scenario to its end; --quick makes it shorter',
} as const

function errorCount({ columns, trial }: Measurement): ErrorCount {
  let completed = 0
  let censored = 0
  for (let row = 0; row < columns.length; row++) {
    if (columns.outcome[row] === OK) completed++
    else if (columns.outcome[row] === CENSORED) censored++
  }
  const answered = columns.length - censored
  return { repetition: trial.repetition, failed: answered - completed, answered }
}

function countsOf(measurements: readonly Measurement[], errors: readonly ErrorCount[]): CellSummary['counts'] {
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
  const answered = total(errors.map((entry) => entry.answered))
  const failed = total(errors.map((entry) => entry.failed))
  const censored = total(measurements.map((measurement) => measurement.censored))
  return {
    sent: answered + censored,
    completed: answered - failed,
    failed,
    dropped: total(measurements.map(({ dropped }) => dropped)),
    delayed: total(measurements.map(({ delayed }) => delayed)),
    censored,
  }
}

function mergeErrors(measurements: readonly Measurement[]): Record<string, number> {
  const merged = new Map<string, number>()
  for (const { errors } of measurements) {
    for (const [kind, count] of Object.entries(errors)) merged.set(kind, (merged.get(kind) ?? 0) + count)
  }
  return Object.fromEntries(merged)
}

/** Lets go of the sorted samples, which are most of a large cell's memory. */
function latencyOf(series: Series) {
  const sorted = sortSeries(series)
  const spreads = latencySpreads(sorted)
  return { spreads, latencyMs: summariseLatency(spreads, sorted), curve: latencyCurve(sorted.pooled) }
}

function isSentWhenDue({ length, scheduledNs, sentNs }: TimeColumns): boolean {
  for (let row = 0; row < length; row++) if (scheduledNs[row] !== sentNs[row]) return false
  return true
}

const noLag = (series: Series) =>
  series.every(({ valuesMs }) => valuesMs.length === 0) ? sendLag(new Float64Array(0)) : { p50: 0, p99: 0, max: 0 }

function sendLag(sortedMs: Float64Array): CellSummary['sendLagMs'] {
  const max = sortedMs.at(-1)
  return max === undefined
    ? { p50: null, p99: null, max: null }
    : { p50: quantile(sortedMs, 0.5), p99: quantile(sortedMs, 0.99), max }
}

/** `null` where nothing was due, let alone sent. */
function rateOf(rate: Spread | null, { sent, dropped }: CellSummary['counts']): Estimate | null {
  if (rate !== null) return rateIntervalOf(rate)
  return sent + dropped > 0 ? NONE_COMPLETED : null
}

function times({ value, low, high }: Estimate, factor: number): Estimate {
  return { value: value * factor, low: low * factor, high: high * factor }
}
