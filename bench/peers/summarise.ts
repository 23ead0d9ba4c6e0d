// From the rounds to one row per client: medians with their range, and dyno's cost over the client's, round by round.
import { quantile, sortedCopy } from '../core/quantile.ts'
import type { PeerRounds, WorkResult } from './compare-peers.ts'
import type { Measurement } from './measure-client.ts'

export interface Range {
  readonly median: number
  readonly low: number
  readonly high: number
}

export interface PeerRow {
  readonly name: string
  readonly version: string | null
  readonly cpuUsPerRequest: Range
  readonly requestsPerSec: number
  readonly clientCores: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /** dyno's CPU per request over this client's; `null` where dyno was not measured. */
  readonly dynoRatio: Range | null
}

export const REFERENCE = 'dyno'

/** Cheapest first. Clients that failed are left out, whatever they had measured before. */
export function rowsOf({ peers }: WorkResult): PeerRow[] {
  const measured = peers.filter(({ failure, rounds }) => failure === null && rounds.length > 0)
  const reference = measured.find(({ name }) => name === REFERENCE)?.rounds ?? null
  return measured
    .map((peer) => rowOf(peer, reference))
    .sort((one, other) => one.cpuUsPerRequest.median - other.cpuUsPerRequest.median)
}

function rowOf({ name, version, rounds }: PeerRounds, reference: readonly Measurement[] | null): PeerRow {
  const known = (values: readonly (number | null)[]) => values.filter((value) => value !== null)
  const ratios = rounds.flatMap(({ cpuUsPerRequest }, round) => {
    const own = reference?.[round]
    return own === undefined ? [] : [own.cpuUsPerRequest / cpuUsPerRequest]
  })
  return {
    name,
    version,
    cpuUsPerRequest: rangeOf(rounds.map(({ cpuUsPerRequest }) => cpuUsPerRequest)),
    requestsPerSec: medianOf(rounds.map(({ requestsPerSec }) => requestsPerSec)),
    clientCores: medianOf(rounds.map(({ clientCores }) => clientCores)),
    p50Ms: medianOrNull(known(rounds.map(({ p50Ms }) => p50Ms))),
    p99Ms: medianOrNull(known(rounds.map(({ p99Ms }) => p99Ms))),
    dynoRatio: ratios.length === 0 ? null : rangeOf(ratios),
  }
}

function rangeOf(values: readonly number[]): Range {
  return { median: medianOf(values), low: Math.min(...values), high: Math.max(...values) }
}

function medianOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : medianOf(values)
}

function medianOf(values: readonly number[]): number {
  return quantile(sortedCopy(Float64Array.from(values)), 0.5)
}
