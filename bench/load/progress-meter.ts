// Rate and p99 of the last moments, for the eyes only: cheap, and never part of a result.
import type { PhaseProgress } from './types.ts'

/** Few enough that sorting them costs the load thread well under 0.1 ms. */
const KEPT = 512

export class ProgressMeter {
  readonly #latestNs = new Float64Array(KEPT)
  #completed = 0
  #completedBefore = 0
  #elapsedBeforeNs = 0

  completed(latencyNs: number): void {
    this.#latestNs[this.#completed++ % KEPT] = latencyNs
  }

  read(elapsedNs: number, failed: number): PhaseProgress {
    const fresh = this.#completed - this.#completedBefore
    const seconds = (elapsedNs - this.#elapsedBeforeNs) / 1e9
    const kept = Math.min(fresh, KEPT)
    this.#completedBefore = this.#completed
    this.#elapsedBeforeNs = elapsedNs
    return {
      elapsedMs: elapsedNs / 1e6,
      completed: this.#completed,
      failed,
      requestsPerSec: seconds > 0 ? fresh / seconds : 0,
      p99Ms: kept === 0 ? null : this.#p99Ns(kept) / 1e6,
    }
  }

  #p99Ns(kept: number): number {
    const first = this.#completed - kept
    const sorted = Float64Array.from({ length: kept }, (_, index) => this.#latestNs[(first + index) % KEPT] ?? 0).sort()
    return sorted[Math.ceil(0.99 * kept) - 1] ?? 0
  }
}
