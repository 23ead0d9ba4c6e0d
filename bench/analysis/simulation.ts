// Seeded experiments on the statistics: coverage of intervals, false alarms of an A/A matrix, power against a slowdown.
import { seededRandom } from '../core/random.ts'
import { compareTargets } from './compare-targets.ts'
import { intervalOf } from './intervals.ts'
import { closedLoop, makeMeasurement } from './measurement-fixture.ts'
import { BLOCKS, type Series } from './samples.ts'
import type { LatencyProcess } from './simulated-latencies.ts'
import { meanSpread, quantileSpread, sortSeries } from './spread.ts'
import { summarise } from './summarise.ts'

export interface CoverageSetting {
  readonly process: LatencyProcess
  readonly repetitions: number
  readonly samplesPerRepetition: number
  readonly runs: number
  readonly seed: number
}

export interface Coverage {
  readonly statistic: string
  /** Share of runs whose 95 % interval holds the truth. */
  readonly covered: number
  /** Mean of (high − low) / 2 / value. */
  readonly halfWidth: number
}

const FRACTIONS = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999 } as const

/** How often the intervals of this very code hold the process's true value. */
export function measureCoverage(setting: CoverageSetting): Coverage[] {
  const random = seededRandom(setting.seed, `coverage ${setting.process.name}`)
  const statistics = [
    ...Object.entries(FRACTIONS).map(([name, fraction]) => ({
      name,
      truth: setting.process.quantileMs(fraction),
      spread: (sorted: ReturnType<typeof sortSeries>) => quantileSpread(sorted, fraction),
    })),
    { name: 'mean', truth: setting.process.meanMs, spread: meanSpread },
  ]
  const totals = statistics.map(() => ({ hits: 0, widths: 0 }))
  for (let run = 0; run < setting.runs; run++) {
    const sorted = sortSeries(drawSeries(setting, random))
    statistics.forEach(({ truth, spread }, index) => {
      const { value, low, high } = intervalOf(spread(sorted))
      const total = totals[index]
      if (total === undefined) return
      if (low <= truth && truth <= high) total.hits++
      total.widths += (high - low) / 2 / value
    })
  }
  return statistics.map(({ name }, index) => ({
    statistic: name,
    covered: (totals[index]?.hits ?? 0) / setting.runs,
    halfWidth: (totals[index]?.widths ?? 0) / setting.runs,
  }))
}

function drawSeries(setting: CoverageSetting, random: ReturnType<typeof seededRandom>): Series {
  const count = setting.samplesPerRepetition
  const block = Uint8Array.from({ length: count }, (_, row) => Math.floor((row / count) * BLOCKS))
  return Array.from({ length: setting.repetitions }, (_, index) => ({
    repetition: index + 1,
    valuesMs: setting.process.draw(count, random),
    block,
  }))
}

export interface MatrixSetting {
  readonly process: LatencyProcess
  readonly candidates: number
  readonly conditions: number
  readonly repetitions: number
  readonly samplesPerRepetition: number
  readonly matrices: number
  readonly seed: number
  /** Factor on every latency of the first candidate's first cell: 1 for A/A. */
  readonly slowdown: number
}

export interface MatrixResult {
  /** Share of matrices with a verdict `improved` or `regressed` where nothing differs: family-wise false alarms. */
  readonly falseAlarms: number
  /** Share of matrices whose slowed cell has the verdict `regressed`. */
  readonly detectedP50: number
  readonly detectedP99: number
}

/** Whole runs through `analyse`: every candidate against the baseline target, in every condition. */
export function measureMatrix(setting: MatrixSetting): MatrixResult {
  const random = seededRandom(setting.seed, `matrix ${setting.process.name} ${setting.slowdown}`)
  const targets = ['baseline', ...Array.from({ length: setting.candidates }, (_, index) => `candidate-${index + 1}`)]
  const cells = targets.flatMap((target) =>
    Array.from({ length: setting.conditions }, (_, index) => ({
      target,
      batchSize: 1,
      load: { model: 'closed', concurrency: index + 1, connections: 1 } as const,
    })),
  )
  let [alarms, p50, p99] = [0, 0, 0]
  for (let matrix = 0; matrix < setting.matrices; matrix++) {
    const summarised = cells.map((cell) => {
      const measurements = Array.from({ length: setting.repetitions }, (_, index) => {
        const isSlowed = cell.target === 'candidate-1' && cell.load.concurrency === 1
        const latencies = setting.process.draw(setting.samplesPerRepetition, random)
        const slowed = isSlowed ? latencies.map((latencyMs) => latencyMs * setting.slowdown) : latencies
        return makeMeasurement({ ...cell, repetition: index + 1, ...closedLoop(slowed) })
      })
      return summarise(cell, measurements, null)
    })
    const comparisons = compareTargets(summarised, 'baseline')
    const isSlowed = (comparison: (typeof comparisons)[number]) =>
      setting.slowdown !== 1 &&
      comparison.candidate === 'candidate-1' &&
      comparison.load.model === 'closed' &&
      comparison.load.concurrency === 1
    const found = comparisons.filter(({ verdict }) => verdict === 'improved' || verdict === 'regressed')
    if (found.some((comparison) => !isSlowed(comparison))) alarms++
    if (found.some((comparison) => isSlowed(comparison) && comparison.metric === 'p50')) p50++
    if (found.some((comparison) => isSlowed(comparison) && comparison.metric === 'p99')) p99++
  }
  const share = (count: number) => count / setting.matrices
  return { falseAlarms: share(alarms), detectedP50: share(p50), detectedP99: share(p99) }
}
