// A trial's load cut into shares, one a thread: slots, connections and arrivals are each in exactly one of them.
import type { LoadModel } from '../plan/types.ts'
import type { LoadJob } from './types.ts'

/** At most `threads` jobs: a connection is never cut, so there are no more of them than connections. */
export function sharesOf(job: LoadJob, threads: number): readonly LoadJob[] {
  const { load } = job.trial
  const of = Math.min(threads, load.connections)
  return Array.from({ length: of }, (_, index) => ({
    ...job,
    trial: { ...job.trial, load: shareOfLoad(load, index, of) },
    share: { index, of },
  }))
}

/** Request rates stay whole: each thread takes every nth arrival of the one process. */
function shareOfLoad(load: LoadModel, index: number, of: number): LoadModel {
  const connections = part(load.connections, index, of)
  return load.model === 'closed'
    ? { ...load, concurrency: part(load.concurrency, index, of), connections }
    : { ...load, maxInFlight: part(load.maxInFlight, index, of), connections }
}

/** The first ones get what does not divide. */
function part(total: number, index: number, of: number): number {
  return Math.floor(total / of) + (index < total % of ? 1 : 0)
}
