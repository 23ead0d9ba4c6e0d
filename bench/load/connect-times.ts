// How long connections took to make in a phase: shown beside the latencies, of which it is a part where a server closes.
import { quantile, sortedCopy } from '../core/quantile.ts'
import type { ConnectTimes } from './types.ts'

/** More than a phase should make; of more, the latest are kept. */
const MOST_KEPT = 16_384

export class ConnectLog {
  readonly #tookNs: number[] = []
  #made = 0

  add(tookNs: number): void {
    this.#tookNs[this.#made++ % MOST_KEPT] = tookNs
  }

  result(): ConnectTimes {
    const sorted = sortedCopy(Float64Array.from(this.#tookNs))
    const atMs = (fraction: number) => (sorted.length === 0 ? null : quantile(sorted, fraction) / 1e6)
    return { made: this.#made, p50Ms: atMs(0.5), p99Ms: atMs(0.99) }
  }
}
