// The generator's account held against the server's own: percentiles, and whether requests went out when they were due.
import { ksDistance, ksPValue } from '../core/kolmogorov-smirnov.ts'
import { quantile, sortedCopy } from '../core/quantile.ts'
import type { RequestColumns } from '../load/request-columns.ts'
import type { PhaseResult } from '../load/types.ts'
import type { ServerRecord } from './attendant.ts'
import type { Experiment, Pacing } from './experiments.ts'

export interface Finding {
  readonly what: string
  readonly unit: 'ms' | 'µs' | 'requests/s' | 'requests' | 'p-value'
  /** What it ought to be: the server's record, or what was asked for. null if there is nothing to compare with. */
  readonly truth: number | null
  readonly measured: number
  /** Largest distance from the truth, or largest value where there is none; null for no limit. */
  readonly limit: number | null
  readonly ok: boolean
}

export interface Observed {
  readonly columns: RequestColumns
  readonly result: PhaseResult
  /** Empty for a null server. */
  readonly record: ServerRecord
}

export function findingsOf(experiment: Experiment, observed: Observed): Finding[] {
  const { columns, result } = observed
  const failed = result.answered === 0 ? 1 : Object.values(result.errors).reduce((sum, count) => sum + count, 0)
  return [
    ...(failed === 0 ? [] : [atMost('failed requests', 'requests', failed, 0)]),
    ...(columns.length === 0 ? [] : percentileFindings(experiment, observed)),
    ...(result.connects.p50Ms === null ? [] : [atMost('making a connection, p50', 'ms', result.connects.p50Ms, null)]),
    ...(experiment.pacing === null || columns.length === 0
      ? []
      : pacingFindings(experiment, experiment.pacing, observed)),
  ]
}

function percentileFindings({ percentiles, within }: Experiment, { columns, record }: Observed): Finding[] {
  const truth = differencesMs(record.answeredNs, record.arrivedNs)
  const measured = differencesMs(columns.receivedNs, columns.scheduledNs)
  if (truth.length === 0) return []
  return percentiles.map((fraction) => {
    const expected = quantile(truth, fraction)
    const found = quantile(measured, fraction)
    const limit = Math.max(within.relative * expected, within.ms)
    return near(`p${fraction * 100}`, 'ms', { truth: expected, measured: found, limit })
  })
}

function pacingFindings({ load }: Experiment, pacing: Pacing, { columns, result, record }: Observed): Finding[] {
  if (load.model !== 'open') return []
  const lagUs = differencesMs(columns.sentNs, columns.scheduledNs).map((ms) => ms * 1e3)
  const perSec = columns.length / (result.windowNs / 1e9)
  const limit = pacing.rateWithin * load.requestRate
  return [
    near('rate', 'requests/s', { truth: load.requestRate, measured: perSec, limit }),
    atMost('dropped', 'requests', result.dropped, 0),
    atMost('send lag p50', 'µs', quantile(lagUs, 0.5), pacing.lagP50Us),
    atMost('send lag p99', 'µs', quantile(lagUs, 0.99), pacing.lagP99Us),
    ...gapFindings(pacing, load.requestRate, record),
  ]
}

/** Of arrivals at the server: what it sees is what was really offered. */
function gapFindings({ gapsWithinUs, gapsLevel }: Pacing, requestRate: number, record: ServerRecord): Finding[] {
  const arrivals = sortedCopy(record.arrivedNs)
  if (arrivals.length < 2) return []
  const gapsUs = sortedCopy(arrivals.slice(1).map((ns, index) => (ns - (arrivals[index] ?? 0)) / 1e3))
  const evenUs = 1e6 / requestRate
  const findings: Finding[] = []
  if (gapsWithinUs !== null) {
    for (const [name, fraction] of [
      ['p90', 0.9],
      ['p99', 0.99],
    ] as const) {
      const gap = { truth: evenUs, measured: quantile(gapsUs, fraction), limit: gapsWithinUs[name] }
      findings.push(near(`gap between arrivals, ${name}`, 'µs', gap))
    }
  }
  if (gapsLevel !== null) {
    const distance = ksDistance(gapsUs, (gap) => 1 - Math.exp(-gap / evenUs))
    const measured = ksPValue(distance, gapsUs.length)
    const what = 'gaps between arrivals are exponential (Kolmogorov-Smirnov)'
    findings.push({ what, unit: 'p-value', truth: null, measured, limit: gapsLevel, ok: measured >= gapsLevel })
  }
  return findings
}

function near(
  what: string,
  unit: Finding['unit'],
  { truth, measured, limit }: { readonly truth: number; readonly measured: number; readonly limit: number },
): Finding {
  return { what, unit, truth, measured, limit, ok: Math.abs(measured - truth) <= limit }
}

function atMost(what: string, unit: Finding['unit'], measured: number, limit: number | null): Finding {
  return { what, unit, truth: null, measured, limit, ok: limit === null || measured <= limit }
}

/** Ascending. */
function differencesMs(later: Float64Array, earlier: Float64Array): Float64Array {
  return sortedCopy(Float64Array.from(later, (ns, row) => (ns - (earlier[row] ?? 0)) / 1e6))
}
