// Random processes with known quantiles, as hard as real latencies: what the intervals are tested against.
import type { Random } from '../core/random.ts'
import { criticalT } from '../core/student-t.ts'

export interface LatencyProcess {
  readonly name: string
  /** One repetition: `count` latencies in ms, in the order of time. */
  readonly draw: (count: number, random: Random) => Float64Array
  readonly quantileMs: (fraction: number) => number
  readonly meanMs: number
}

/** Of log(latency): about what a CPU inference server shows at low load. */
const SIGMA = 0.5

/** Standard normal quantile, by Student's t with many degrees of freedom. */
function normalQuantile(fraction: number): number {
  const tail = Math.min(fraction, 1 - fraction)
  return Math.sign(fraction - 0.5) * (tail === 0.5 ? 0 : criticalT(2 * tail, 1e9))
}

function logNormalTruth(sigma: number): Pick<LatencyProcess, 'quantileMs' | 'meanMs'> {
  return {
    quantileMs: (fraction) => Math.exp(sigma * normalQuantile(fraction)),
    meanMs: Math.exp(sigma ** 2 / 2),
  }
}

/** `correlation` 0: independent. Each latency remembers that share of the one before. */
export function autoregressive(correlation: number): LatencyProcess {
  return {
    name: correlation === 0 ? 'log-normal, independent' : `log-normal, AR(1) ${correlation}`,
    draw: (count, random) => {
      let state = random.normal()
      return Float64Array.from({ length: count }, () => {
        state = correlation * state + Math.sqrt(1 - correlation ** 2) * random.normal()
        return Math.exp(SIGMA * state)
      })
    },
    ...logNormalTruth(SIGMA),
  }
}

/** Every repetition is slower or faster as a whole: another memory layout, another neighbour. */
export function withRepetitionEffect(sigmaEffect: number): LatencyProcess {
  const independent = autoregressive(0)
  return {
    name: `log-normal, ±${sigmaEffect * 100} % per repetition`,
    draw: (count, random) => {
      const factor = Math.exp(sigmaEffect * random.normal())
      return independent.draw(count, random).map((latencyMs) => latencyMs * factor)
    },
    ...logNormalTruth(Math.hypot(SIGMA, sigmaEffect)),
  }
}

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
  }
}

/**
 * An M/G/1 queue whose service takes 1 ms always, as that of a model does: time in the system. The distribution of the
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
    quantileMs: (fraction) => 1 + inverse(waitsAtMost, fraction),
    meanMs: 1 + load / (2 * (1 - load)),
  }
}

const WARM_UP_REQUESTS = 500

/** (−x)^k / k! */
function alternatingTerm(x: number, k: number): number {
  let term = 1
  for (let factor = 1; factor <= k; factor++) term *= -x / factor
  return term
}

/** By bisection, of a function that rises from below `value` at 0 or is beyond it there already. */
function inverse(rising: (x: number) => number, value: number): number {
  let [low, high] = [0, 20]
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (rising(middle) < value) low = middle
    else high = middle
  }
  return high
}

/** One request in `1 / share` takes `factor` times as long: garbage collection, a cold cache. */
export function bimodal(share: number, factor: number): LatencyProcess {
  const sigma = 0.2
  const upper = (valueMs: number, medianMs: number) => 1 - normalShare(Math.log(valueMs / medianMs) / sigma)
  const tail = (valueMs: number) => (1 - share) * upper(valueMs, 1) + share * upper(valueMs, factor)
  return {
    name: `bimodal, ${share * 100} % are ${factor} times slower`,
    draw: (count, random) =>
      Float64Array.from(
        { length: count },
        () => (random.uniform() < share ? factor : 1) * Math.exp(sigma * random.normal()),
      ),
    quantileMs: (fraction) => {
      let [low, high] = [1e-3, 1e3]
      for (let step = 0; step < 100; step++) {
        const middle = Math.sqrt(low * high)
        if (tail(middle) > 1 - fraction) low = middle
        else high = middle
      }
      return low
    },
    meanMs: (1 - share + share * factor) * Math.exp(sigma ** 2 / 2),
  }
}

/** Φ(z) by Simpson's rule: needed a few hundred times, for the truth of the mixture only. */
function normalShare(z: number): number {
  const [start, end] = z > 0 ? [0, Math.min(9, z)] : [-9, Math.max(-9, z)]
  const steps = 400
  const width = (end - start) / steps
  let sum = 0
  for (let index = 0; index <= steps; index++) {
    const weight = index === 0 || index === steps ? 1 : index % 2 === 1 ? 4 : 2
    sum += weight * Math.exp(-((start + index * width) ** 2) / 2)
  }
  return (z > 0 ? 0.5 : 0) + (sum * width) / 3 / Math.sqrt(2 * Math.PI)
}
