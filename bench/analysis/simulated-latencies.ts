// Random processes with known quantiles, as hard as real latencies: what the intervals are tested against.
import type { Random } from '../core/random.ts'
import { criticalT } from '../core/student-t.ts'

export interface LatencyProcess {
  readonly name: string
  /** One repetition: `count` latencies in ms, in the order of time. */
  readonly draw: (count: number, random: Random) => Float64Array
  readonly quantileMs: (fraction: number) => number
  readonly meanMs: number
  /** Requests per ms of a closed loop at concurrency 1, over all repetitions: what repetitions differ by is in it. */
  readonly ratePerMs: number
}

/** Of log(latency): about what a CPU inference server shows at low load. */
const SIGMA = 0.5

/** Standard normal quantile, by Student's t with many degrees of freedom. */
function normalQuantile(fraction: number): number {
  const tail = Math.min(fraction, 1 - fraction)
  return Math.sign(fraction - 0.5) * (tail === 0.5 ? 0 : criticalT(2 * tail, 1e9))
}

function logNormalTruth(sigma: number, sigmaEffect = 0): Omit<LatencyProcess, 'name' | 'draw'> {
  const both = Math.hypot(sigma, sigmaEffect)
  return {
    quantileMs: (fraction) => Math.exp(both * normalQuantile(fraction)),
    meanMs: Math.exp(both ** 2 / 2),
    ratePerMs: Math.exp((sigmaEffect ** 2 - sigma ** 2) / 2),
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
    ...logNormalTruth(SIGMA, sigmaEffect),
  }
}

const MODE_SIGMA = 0.2

/** Of two modes a factor apart; `share` of the requests are in the slow one. */
function twoModes(share: number, factor: number): Omit<LatencyProcess, 'name' | 'draw'> {
  const upper = (valueMs: number, medianMs: number) => 1 - normalShare(Math.log(valueMs / medianMs) / MODE_SIGMA)
  const tail = (valueMs: number) => (1 - share) * upper(valueMs, 1) + share * upper(valueMs, factor)
  const meanMs = (1 - share + share * factor) * Math.exp(MODE_SIGMA ** 2 / 2)
  return {
    quantileMs: (fraction) => {
      let [low, high] = [1e-3, 1e3]
      for (let step = 0; step < 100; step++) {
        const middle = Math.sqrt(low * high)
        if (tail(middle) > 1 - fraction) low = middle
        else high = middle
      }
      return low
    },
    meanMs,
    ratePerMs: 1 / meanMs,
  }
}

/** One request in `1 / share` takes `factor` times as long: garbage collection, a cold cache. */
export function bimodal(share: number, factor: number): LatencyProcess {
  return {
    name: `bimodal, ${share * 100} % are ${factor} times slower`,
    draw: (count, random) =>
      Float64Array.from(
        { length: count },
        () => (random.uniform() < share ? factor : 1) * Math.exp(MODE_SIGMA * random.normal()),
      ),
    ...twoModes(share, factor),
  }
}

/** The slow ones come in a row of `length` requests in the mean: a server that stalls now and then. */
export function stalls(share: number, length: number, factor: number): LatencyProcess {
  const begins = share / (1 - share) / length
  return {
    name: `stalls of ${length} requests, ${share * 100} % are ${factor} times slower`,
    draw: (count, random) => {
      let isStalled = random.uniform() < share
      return Float64Array.from({ length: count }, () => {
        const latencyMs = (isStalled ? factor : 1) * Math.exp(MODE_SIGMA * random.normal())
        isStalled = isStalled ? random.uniform() >= 1 / length : random.uniform() < begins
        return latencyMs
      })
    },
    ...twoModes(share, factor),
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
