// Repetitions as they are beside other programs: mostly alike, and some of them slower for a part of their time.
import type { LatencyProcess } from './simulated-latencies.ts'

export interface Disturbance {
  /** Standard deviation of a repetition's own logarithm. */
  readonly sigmaEffect: number
  /** Share of the repetitions that something disturbs. */
  readonly share: number
  /** Mean factor on the latencies of the disturbed part, which is 30 to 80 % of the repetition. */
  readonly factor: number
}

/** Within a part: a server whose latencies hardly differ, so that a disturbance is most of a tail. */
const SIGMA = 0.1

/** For comparisons of alike things only: its quantiles are not known. */
export function disturbed({ sigmaEffect, share, factor }: Disturbance): Pick<LatencyProcess, 'name' | 'draw'> {
  return {
    name: `±${sigmaEffect * 100} % per repetition, ${share * 100} % of them disturbed × ${factor}`,
    draw: (count, random) => {
      const level = Math.exp(sigmaEffect * random.normal())
      const from = random.uniform() < share ? random.uniform() * 0.5 : 1
      const to = from + 0.3 + 0.5 * random.uniform()
      const slower = 1 + (factor - 1) * 2 * random.uniform()
      return Float64Array.from({ length: count }, (_, row) => {
        const isSlower = row >= from * count && row < to * count
        return Math.exp(SIGMA * random.normal()) * level * (isSlower ? slower : 1)
      })
    },
  }
}
