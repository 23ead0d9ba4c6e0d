// How a load, and what makes it, is written for a person: the same in every report, chart and finding. Different loads have
// different texts.
import type { CellSummary, Environment } from './run-document.ts'

export type Load = CellSummary['load']

const USUAL_MAX_IN_FLIGHT = 64

/** `concurrency 8`, `concurrency 8 over 2 connections`, `200 requests/s poisson`, `ramp 50 → 400 requests/s constant`. */
export function loadText(load: Load): string {
  if (load.model === 'closed') return `concurrency ${load.concurrency}${over(load.connections, load.concurrency)}`
  const slots = load.maxInFlight === USUAL_MAX_IN_FLIGHT ? '' : `, at most ${load.maxInFlight} in flight`
  return `${ratesText(load)} requests/s ${load.distribution}${slots}${over(load.connections, load.maxInFlight)}`
}

function ratesText({ requestRate, profile }: Extract<Load, { model: 'open' }>): string {
  if (profile === null) return rateText(requestRate)
  return `${profile.shape} ${profile.requestRates.map(rateText).join(' → ')}`
}

/** Short, and different for rates that differ: 200.1 and 200.4 are two loads. */
function rateText(rate: number): string {
  return rate.toLocaleString('en-US', { maximumFractionDigits: 3 })
}

function over(connections: number, slots: number): string {
  return connections === slots ? '' : ` over ${connections} ${connections === 1 ? 'connection' : 'connections'}`
}

const WAITS = { io_uring: 'io_uring', epoll: 'epoll', node: 'Node’s sockets' } as const
const TIMED = { kernel: 'answers timed by the kernel', thread: 'answers timed when they are read' } as const
const PRIORITY = {
  'real-time': 'open loops before other threads',
  normal: 'open loops wait for other threads',
} as const

/** How load threads of a machine work. */
export function loadThreadsText(loadThreads: Environment['loadThreads']): string {
  if (loadThreads === null) return 'not recorded'
  const { waitsWith, answersTimedBy, openLoopPriority } = loadThreads
  return [...(waitsWith === null ? [] : [WAITS[waitsWith]]), TIMED[answersTimedBy], PRIORITY[openLoopPriority]].join(
    ', ',
  )
}
