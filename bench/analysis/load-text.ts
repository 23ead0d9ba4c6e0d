// How a load is written for a person, the same in every report, chart and finding. Different loads have different texts.
import { formatCount } from '../core/units.ts'
import type { CellSummary } from './run-document.ts'

export type Load = CellSummary['load']

const USUAL_MAX_IN_FLIGHT = 64

/** `concurrency 8`, `concurrency 8 over 2 connections`, `200 requests/s poisson`, `ramp 50 → 400 requests/s constant`. */
export function loadText(load: Load): string {
  if (load.model === 'closed') return `concurrency ${load.concurrency}${over(load.connections, load.concurrency)}`
  const slots = load.maxInFlight === USUAL_MAX_IN_FLIGHT ? '' : `, at most ${load.maxInFlight} in flight`
  return `${ratesText(load)} requests/s ${load.distribution}${slots}${over(load.connections, load.maxInFlight)}`
}

function ratesText({ requestRate, profile }: Extract<Load, { model: 'open' }>): string {
  if (profile === null) return formatCount(requestRate)
  return `${profile.shape} ${profile.requestRates.map(formatCount).join(' → ')}`
}

function over(connections: number, slots: number): string {
  return connections === slots ? '' : ` over ${connections} ${connections === 1 ? 'connection' : 'connections'}`
}
