// How long connections took to make in a phase: shown beside the latencies, of which it is a part where a server closes.
import { type KeptValues, thinned, weightedQuantile, weightedQuantiles } from '../core/weighted-quantile.ts'
import type { ConnectTimes } from './types.ts'

/** Values that are held while a phase runs. */
const MOST_HELD = 16_384
/** Values that are handed on: enough for a p99 of several threads and repetitions together. */
const MOST_KEPT = 512

export class ConnectLog {
  #tookNs: number[] = []
  #made = 0
  /** Of so many, one is held: all of the phase, and not its end alone. */
  #every = 1

  add(tookNs: number): void {
    if (this.#made++ % this.#every !== 0) return
    this.#tookNs.push(tookNs)
    if (this.#tookNs.length < MOST_HELD) return
    this.#tookNs = this.#tookNs.filter((_, index) => index % 2 === 0)
    this.#every *= 2
  }

  result(): ConnectTimes {
    return timesOf([{ values: this.#tookNs.map((tookNs) => tookNs / 1e6), count: this.#made }])
  }
}

/** Of threads that shared a phase, and of phases that followed each other: from the times themselves. */
export function mergeConnects(all: readonly ConnectTimes[]): ConnectTimes {
  return timesOf(all.map(({ made, tookMs }) => ({ values: tookMs, count: made })))
}

function timesOf(logs: readonly KeptValues[]): ConnectTimes {
  const made = logs.reduce((sum, { count }) => sum + count, 0)
  return {
    made,
    p50Ms: weightedQuantile(logs, 0.5),
    p99Ms: weightedQuantile(logs, 0.99),
    tookMs: keptOf(logs, made),
  }
}

/** Logs that kept a different share of their values are brought to the same one by reading quantiles of them together. */
function keptOf(logs: readonly KeptValues[], made: number): readonly number[] {
  const values = logs.flatMap((log) => log.values)
  if (values.length === made) return thinned({ values, count: made }, MOST_KEPT).values.map(rounded)
  const fractions = Array.from({ length: MOST_KEPT }, (_, index) => index / (MOST_KEPT - 1))
  return weightedQuantiles(logs, fractions).map(rounded)
}

/** To a nanosecond: what is stored need not be longer. */
const rounded = (ms: number) => Number(ms.toFixed(6))
