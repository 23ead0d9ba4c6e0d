// When requests are due in an open loop: absolute instants from the start, so that lateness never shifts the next one.
import type { Random } from '../core/random.ts'

/**
 * Nanoseconds from the start of the phase, ascending, one per call.
 * Constant: k / rate. Poisson: sums of exponential gaps with mean 1 / rate.
 */
export function arrivals(requestRate: number, distribution: 'constant' | 'poisson', random: Random): () => number {
  const gapNs = 1e9 / requestRate
  let count = 0
  let poissonNs = 0
  return distribution === 'constant'
    ? () => gapNs * count++
    : () => {
        poissonNs += gapNs * random.exponential()
        return poissonNs
      }
}
