// Seeded experiments on `measure.duration: auto`: do the intervals still hold the truth when they decide when to stop?
import { seededRandom } from '../core/random.ts'
import { intervalOf } from './intervals.ts'
import { isPrecise, isSettled, roundOf, type WantedWidths, widthsOf } from './precision.ts'
import { BLOCKS, type Series } from './samples.ts'
import type { LatencyProcess } from './simulated-latencies.ts'
import { sortSeries } from './sorted-series.ts'
import { quantileSpread } from './spread.ts'

export interface StoppingSetting {
  readonly process: LatencyProcess
  readonly wanted: WantedWidths
  readonly leastRepetitions: number
  readonly mostRepetitions: number
  readonly samplesPerRepetition: number
  readonly runs: number
  readonly seed: number
}

export interface StoppingResult {
  /** Shares of runs whose final 95 % interval holds the truth. */
  readonly coveredP50: number
  readonly coveredP99: number
  /** Share of runs that reached the limit. */
  readonly unsettled: number
  readonly meanRepetitions: number
}

/** Rounds are added as a run adds them, by the same code. */
export function measureStopping(setting: StoppingSetting): StoppingResult {
  const { process, runs } = setting
  const random = seededRandom(setting.seed, `stopping ${process.name}`)
  const truth = { p50: process.quantileMs(0.5), p99: process.quantileMs(0.99) }
  const total = { p50: 0, p99: 0, unsettled: 0, repetitions: 0 }
  for (let run = 0; run < runs; run++) {
    const { sorted, settled } = measureOne(setting, random)
    const holds = (fraction: number, value: number) => {
      const { low, high } = intervalOf(quantileSpread(sorted, fraction))
      return low <= value && value <= high ? 1 : 0
    }
    total.p50 += holds(0.5, truth.p50)
    total.p99 += holds(0.99, truth.p99)
    total.unsettled += settled ? 0 : 1
    total.repetitions += sorted.series.length
  }
  return {
    coveredP50: total.p50 / runs,
    coveredP99: total.p99 / runs,
    unsettled: total.unsettled / runs,
    meanRepetitions: total.repetitions / runs,
  }
}

function measureOne(setting: StoppingSetting, random: ReturnType<typeof seededRandom>) {
  const { process, wanted, mostRepetitions, samplesPerRepetition: count } = setting
  const block = Uint8Array.from({ length: count }, (_, row) => Math.floor((row / count) * BLOCKS))
  const series: Series[number][] = []
  const looks: boolean[] = []
  let more = setting.leastRepetitions
  for (;;) {
    for (; more > 0; more--) {
      series.push({ repetition: series.length + 1, valuesMs: process.draw(count, random), block })
    }
    const sorted = sortSeries(series)
    looks.push(isPrecise(widthsOf(sorted), wanted))
    const settled = isSettled(looks)
    more = roundOf(series.length, mostRepetitions)
    if (settled || more === 0) return { sorted, settled }
  }
}
