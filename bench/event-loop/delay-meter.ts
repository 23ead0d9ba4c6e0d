// How long what comes in has to wait for the thread to be done with what came before: of epoll's loop, which knows it.

const BUCKET_NS = 10e3
const BUCKETS = 2000

export class DelayMeter {
  /** Time that was spent in stretches of work of about each length. */
  readonly #spentNs = new Float64Array(BUCKETS)
  #longestNs = 0

  /** A stretch of work, from the end of one wait to the beginning of the next. */
  add(workNs: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.floor(workNs / BUCKET_NS))
    this.#spentNs[bucket] = (this.#spentNs[bucket] ?? 0) + workNs
    if (workNs > this.#longestNs) this.#longestNs = workNs
  }

  /**
   * What comes in at any instant of the time waits for the rest of the stretch that runs then, if one does.
   * @returns the length that such a stretch does not exceed in 99 % of the time, exact to 10 µs; the longest of all, where
   * it is over 20 ms
   */
  p99Ms(wallNs: number): number {
    let restNs = 0.01 * wallNs
    for (let bucket = BUCKETS - 1; bucket >= 0; bucket--) {
      restNs -= this.#spentNs[bucket] ?? 0
      if (restNs >= 0) continue
      return Math.min(bucket === BUCKETS - 1 ? this.#longestNs : (bucket + 1) * BUCKET_NS, this.#longestNs) / 1e6
    }
    return 0
  }
}
