// Single-server queues with exponential arrivals, a mean service of 1 ms, and known distributions of the time in the system.
import type { Random } from '../core/random.ts'
import type { LatencyProcess } from './simulated-latencies.ts'

/** Time in a single-server queue with exponential arrivals and service (mean 1 ms): exponential with mean 1 / (1 − load). */
export function queue(load: number): LatencyProcess {
  return {
    name: `M/M/1 at ${load * 100} % load`,
    draw: (count, random) => {
      let waitMs = random.uniform() < load ? random.exponential() / (1 - load) : 0
      return Float64Array.from({ length: count }, () => {
        const latencyMs = waitMs + random.exponential()
        waitMs = Math.max(0, latencyMs - random.exponential() / load)
        return latencyMs
      })
    },
    quantileMs: (fraction) => -Math.log(1 - fraction) / (1 - load),
    meanMs: 1 / (1 - load),
    ratePerMs: 1 - load,
  }
}

/**
 * A queue whose service takes 1 ms always, as that of a model does: time in the system. The distribution of the
 * wait is Erlang's (1909): P(W ≤ t) = (1 − ρ) Σ_k e^(ρ(t−k)) (−ρ(t−k))^k / k!, over k = 0 … ⌊t⌋.
 */
export function constantServiceQueue(load: number): LatencyProcess {
  const waitsAtMost = (ms: number) => {
    let sum = 0
    for (let served = 0; served <= ms; served++) {
      sum += Math.exp(load * (ms - served)) * alternatingTerm(load * (ms - served), served)
    }
    return (1 - load) * sum
  }
  const meanMs = 1 + load / (2 * (1 - load))
  return {
    name: `M/D/1 at ${load * 100} % load`,
    draw: (count, random) => {
      // Begins in the steady state: what comes before is thrown away.
      let waitMs = 0
      const next = () => {
        const latencyMs = waitMs + 1
        waitMs = Math.max(0, latencyMs - random.exponential() / load)
        return latencyMs
      }
      for (let row = 0; row < WARM_UP_REQUESTS; row++) next()
      return Float64Array.from({ length: count }, next)
    },
    quantileMs: (fraction) => 1 + inverse(waitsAtMost, fraction, 20),
    meanMs,
    ratePerMs: 1 / meanMs,
  }
}

const WARM_UP_REQUESTS = 500

/** (−x)^k / k! */
function alternatingTerm(x: number, k: number): number {
  let term = 1
  for (let factor = 1; factor <= k; factor++) term *= -x / factor
  return term
}

/** One request in ten takes five times as long: squared coefficient of variation 2.5. */
const SLOW_SHARE = 0.1
const SLOW_FACTOR = 5

/**
 * M/G/1 whose service is of two exponential kinds (hyperexponential). By Pollaczek and Khinchine the transforms of the
 * wait and of the time in the system are rational with the same two poles −z: both are mixtures of two exponentials,
 * and the wait is 0 with probability 1 − ρ.
 */
export function mixedServiceQueue(load: number): LatencyProcess {
  const fastMs = 1 / (1 - SLOW_SHARE + SLOW_SHARE * SLOW_FACTOR)
  const slowMs = fastMs * SLOW_FACTOR
  const product = 1 / (fastMs * slowMs)
  const sum = 1 / fastMs + 1 / slowMs
  const mixed = (1 - SLOW_SHARE) / fastMs + SLOW_SHARE / slowMs
  const root = Math.sqrt((sum - load) ** 2 - 4 * product * (1 - load))
  const [rare, common] = [(sum - load - root) / 2, (sum - load + root) / 2]
  const residue = (1 - load) / ((common - rare) * rare)
  const waitsRarely = residue * (1 / fastMs - rare) * (1 / slowMs - rare)
  const takesRarely = residue * (product - mixed * rare)
  const takesAtMost = (ms: number) =>
    1 - takesRarely * Math.exp(-rare * ms) - (1 - takesRarely) * Math.exp(-common * ms)
  const meanMs = takesRarely / rare + (1 - takesRarely) / common
  const firstWaitMs = (random: Random) => {
    const kind = random.uniform()
    return kind < 1 - load ? 0 : random.exponential() / (kind < 1 - load + waitsRarely ? rare : common)
  }
  return {
    name: `M/G/1 (1 in 10 served 5 times slower) at ${load * 100} % load`,
    draw: (count, random) => {
      let waitMs = firstWaitMs(random)
      return Float64Array.from({ length: count }, () => {
        const latencyMs = waitMs + random.exponential() * (random.uniform() < SLOW_SHARE ? slowMs : fastMs)
        waitMs = Math.max(0, latencyMs - random.exponential() / load)
        return latencyMs
      })
    },
    quantileMs: (fraction) => inverse(takesAtMost, fraction, 1e3),
    meanMs,
    ratePerMs: 1 / meanMs,
  }
}

/** By bisection, of a function that rises from below `value` at 0 or is beyond it there already. */
function inverse(rising: (x: number) => number, value: number, most: number): number {
  let [low, high] = [0, most]
  for (let step = 0; step < 80; step++) {
    const middle = (low + high) / 2
    if (rising(middle) < value) low = middle
    else high = middle
  }
  return high
}
