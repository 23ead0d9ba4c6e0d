// Seeded experiments on the statistics: coverage of intervals, false alarms of an A/A matrix, power against a slowdown.
import { seededRandom } from '../core/random.ts'
import { compareTargets } from './compare-targets.ts'
import { intervalOf } from './intervals.ts'
import { closedLoop, makeMeasurement } from './measurement-fixture.ts'
import { OTHER_GATES, repetitionValues } from './other-gates.ts'
import { BLOCKS, type Series } from './samples.ts'
import type { LatencyProcess } from './simulated-latencies.ts'
import { sortSeries } from './sorted-series.ts'
import { meanSpread, quantileSpread } from './spread.ts'
import { type SummarisedCell, summarise } from './summarise.ts'

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
  readonly process: Pick<LatencyProcess, 'name' | 'draw'>
  readonly candidates: number
  readonly conditions: number
  readonly repetitions: number
  readonly samplesPerRepetition: number
  readonly matrices: number
  readonly seed: number
  /** Factor on every latency of the first candidate's first cell: 1 for A/A. */
  readonly slowdown: number
}

/** How often a gate is wrong where nothing differs, and right about the slowed cell: shares of matrices. */
export interface GateRates {
  readonly name: string
  /** Family-wise: any verdict on a cell that is not slowed. */
  readonly falseAlarms: number
  readonly detectedP50: number
  readonly detectedP99: number
}

const JUDGED = ['p50', 'p99'] as const

/** A verdict on one latency of one cell. */
interface Alarm {
  readonly gate: string
  readonly metric: string
  readonly isSlowed: boolean
}

/** dyno's own verdicts (`regressed`, or `improved` where nothing differs) come first, then those of the other gates. */
export function measureMatrix(setting: MatrixSetting): GateRates[] {
  const random = seededRandom(setting.seed, `matrix ${setting.process.name} ${setting.slowdown}`)
  const names = ['dyno', ...OTHER_GATES.map(({ name }) => name)]
  const found: Alarm[][] = []
  for (let matrix = 0; matrix < setting.matrices; matrix++) {
    const summarised = drawMatrix(setting, random)
    found.push([...ownAlarms(summarised, setting), ...otherAlarms(summarised, setting)])
  }
  const share = (is: (alarm: Alarm) => boolean) => found.filter((alarms) => alarms.some(is)).length / setting.matrices
  return names.map((name) => {
    const detected = (metric: string) =>
      share((alarm) => alarm.gate === name && alarm.isSlowed && alarm.metric === metric)
    return {
      name,
      falseAlarms: share((alarm) => alarm.gate === name && !alarm.isSlowed),
      detectedP50: detected('p50'),
      detectedP99: detected('p99'),
    }
  })
}

const BASELINE = 'baseline'
const FIRST = 'candidate-1'

type CellAt = Pick<SummarisedCell['cell'], 'target' | 'batchSize' | 'load'>

const isFirst = ({ load }: Pick<CellAt, 'load'>) => load.model === 'closed' && load.concurrency === 1

/** A whole run of every candidate beside the baseline target, in every condition. */
function drawMatrix(setting: MatrixSetting, random: ReturnType<typeof seededRandom>): SummarisedCell[] {
  const targets = [BASELINE, ...Array.from({ length: setting.candidates }, (_, index) => `candidate-${index + 1}`)]
  const cells = targets.flatMap((target) =>
    Array.from({ length: setting.conditions }, (_, index) => ({
      target,
      batchSize: 1,
      load: { model: 'closed', concurrency: index + 1, connections: 1 } as const,
    })),
  )
  return cells.map((cell) => {
    const slowdown = cell.target === FIRST && isFirst(cell) ? setting.slowdown : 1
    const measurements = Array.from({ length: setting.repetitions }, (_, index) => {
      const latencies = setting.process.draw(setting.samplesPerRepetition, random)
      return makeMeasurement({
        ...cell,
        repetition: index + 1,
        ...closedLoop(latencies.map((latencyMs) => latencyMs * slowdown)),
      })
    })
    return summarise(cell, measurements, null)
  })
}

function ownAlarms(summarised: readonly SummarisedCell[], { slowdown }: MatrixSetting): Alarm[] {
  return compareTargets(summarised, BASELINE)
    .filter(({ verdict }) => verdict === 'improved' || verdict === 'regressed')
    .map(({ candidate, load, metric }) => ({
      gate: 'dyno',
      metric,
      isSlowed: slowdown !== 1 && candidate === FIRST && isFirst({ load }),
    }))
}

function otherAlarms(summarised: readonly SummarisedCell[], { slowdown, repetitions }: MatrixSetting): Alarm[] {
  const conditionOf = ({ cell }: SummarisedCell) => (cell.load.model === 'closed' ? cell.load.concurrency : 0)
  const baselines = new Map(
    summarised.filter(({ cell }) => cell.target === BASELINE).map((side) => [conditionOf(side), side]),
  )
  return summarised.flatMap((side) => {
    const before = baselines.get(conditionOf(side))
    if (before === undefined || side === before) return []
    const isSlowed = slowdown !== 1 && side.cell.target === FIRST && isFirst(side.cell)
    return JUDGED.flatMap((metric) => {
      const values = { before: before.latency[metric], after: side.latency[metric] }
      if (values.before === null || values.after === null) return []
      const latency = {
        before: repetitionValues(values.before, repetitions),
        after: repetitionValues(values.after, repetitions),
      }
      return OTHER_GATES.filter(({ fails }) => fails(latency)).map(({ name }) => ({ gate: name, metric, isSlowed }))
    })
  })
}
