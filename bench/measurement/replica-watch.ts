// Several replicas behind one address each count for themselves: then a reading is of whichever answered, and says nothing.
import type { ServerCounters } from './server-statistics.ts'
import type { ServerStatistics } from './types.ts'

export class ReplicaWatch {
  #most = 0
  #wentBack = false

  /** A server's counters only grow: a smaller reading is another server's. */
  seen(reading: ServerCounters | null): ServerCounters | null {
    if (reading === null) return null
    if (reading.success < this.#most) this.#wentBack = true
    this.#most = Math.max(this.#most, reading.success)
    return reading
  }

  /**
   * Other clients make a server count more than this one sent, never less.
   * @param answered requests that the client knows to be answered
   */
  arePart(statistics: ServerStatistics | null, answered: number): boolean {
    return this.#wentBack || (statistics !== null && statistics.requests < answered)
  }
}
