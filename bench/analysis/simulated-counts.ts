// Seeded experiments on what is counted, not timed: coverage of the intervals of requests/s and of the error rate.
import { type Random, seededRandom } from '../core/random.ts'
import { errorRateOf } from './error-rate.ts'
import { intervalOf } from './intervals.ts'
import { CLOSED, type MadeRequest, makeMeasurement } from './measurement-fixture.ts'
import type { LatencyProcess } from './simulated-latencies.ts'
import type { Coverage } from './simulation.ts'
import { throughputOf } from './throughput.ts'

export interface CountSetting {
  readonly repetitions: number
  readonly runs: number
  readonly seed: number
}

/** Requests/s of a closed loop at concurrency 1, in windows of a fixed length that hold `perWindow` requests in the mean. */
export function measureRateCoverage(process: LatencyProcess, setting: CountSetting & { readonly perWindow: number }) {
  const random = seededRandom(setting.seed, `rate ${process.name}`)
  const windowMs = setting.perWindow / process.ratePerMs
  return coverage(setting.runs, process.ratePerMs * 1e3, () => {
    const windows = repetitionsOf(setting).map((repetition) =>
      makeMeasurement({ repetition, windowMs, requests: sentWithin(windowMs, process, random) }),
    )
    const spread = throughputOf(CLOSED, windows)
    if (spread === null) throw new RangeError('a window without requests')
    return intervalOf(spread)
  })
}

/** Enough latencies to fill a window of a repetition that is as fast as none will be. */
const DRAWN = 3

/** One after the other, each with its whole latency, as long as the window lasts. */
function sentWithin(windowMs: number, process: LatencyProcess, random: Random): MadeRequest[] {
  const requests: MadeRequest[] = []
  let nowMs = 0
  for (const latencyMs of process.draw(Math.ceil(windowMs * process.ratePerMs * DRAWN), random)) {
    if (nowMs >= windowMs) break
    requests.push({ dueMs: nowMs, receivedMs: nowMs + latencyMs })
    nowMs += latencyMs
  }
  return requests
}

export interface FailureProcess {
  readonly name: string
  readonly rate: number
  /** How many of `count` requests of one repetition fail. */
  readonly draw: (count: number, random: Random) => number
}

export function independentFailures(rate: number): FailureProcess {
  return {
    name: `${rate * 100} % fail, independent`,
    rate,
    draw: (count, random) => drawBursts(rate, 1, { count, random }),
  }
}

/** Failures in a row of `length` in the mean: a server that restarts, a full queue. */
export function burstsOfFailures(rate: number, length: number): FailureProcess {
  return {
    name: `${rate * 100} % fail, in bursts of ${length}`,
    rate,
    draw: (count, random) => drawBursts(rate, length, { count, random }),
  }
}

/** Each repetition has a rate of its own, log-normal around the mean. */
export function unlikeFailures(rate: number, sigma: number): FailureProcess {
  return {
    name: `${rate * 100} % fail, ±${sigma * 100} % of that per repetition`,
    rate,
    draw: (count, random) => {
      const own = rate * Math.exp(sigma * random.normal() - sigma ** 2 / 2)
      return drawBursts(Math.min(1, own), 1, { count, random })
    },
  }
}

function drawBursts(rate: number, length: number, { count, random }: { count: number; random: Random }): number {
  const begins = length === 1 ? rate : rate / (1 - rate) / length
  let isFailing = random.uniform() < rate
  let failed = 0
  for (let request = 0; request < count; request++) {
    if (isFailing) failed++
    isFailing = isFailing && length > 1 ? random.uniform() >= 1 / length : random.uniform() < begins
  }
  return failed
}

export function measureErrorCoverage(process: FailureProcess, setting: CountSetting & { readonly perWindow: number }) {
  const random = seededRandom(setting.seed, `errors ${process.name}`)
  return coverage(setting.runs, process.rate, () => {
    const estimate = errorRateOf(
      repetitionsOf(setting).map((repetition) => ({
        repetition,
        failed: process.draw(setting.perWindow, random),
        answered: setting.perWindow,
      })),
    )
    if (estimate === null) throw new RangeError('no request was answered')
    return estimate
  })
}

const repetitionsOf = ({ repetitions }: CountSetting) => Array.from({ length: repetitions }, (_, index) => index + 1)

/** @param draw the estimate of one run; half widths are relative to the truth, since an estimate can be 0 */
function coverage(
  runs: number,
  truth: number,
  draw: () => { readonly low: number; readonly high: number },
): Omit<Coverage, 'statistic'> {
  let hits = 0
  let widths = 0
  for (let run = 0; run < runs; run++) {
    const { low, high } = draw()
    if (low <= truth && truth <= high) hits++
    widths += (high - low) / 2 / truth
  }
  return { covered: hits / runs, halfWidth: widths / runs }
}
