// `node bench/analysis/coverage.ts` prints how often the intervals hold the truth, and how often verdicts are wrong or missed.
// --quick: a tenth of the runs; --part latency|counts|gates|power and --only TEXT (of the process's name): that part alone.
import { parseArgs } from 'node:util'
import {
  burstsOfFailures,
  independentFailures,
  measureErrorCoverage,
  measureRateCoverage,
  unlikeFailures,
} from './simulated-counts.ts'
import { disturbed } from './simulated-disturbance.ts'
import { autoregressive, bimodal, type LatencyProcess, stalls, withRepetitionEffect } from './simulated-latencies.ts'
import { constantServiceQueue, mixedServiceQueue, queue } from './simulated-queues.ts'
import { measureCoverage, measureMatrix } from './simulation.ts'

const SEED = 20260101

const { values: asked } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, part: { type: 'string' }, only: { type: 'string' } },
})
const RUNS = asked.quick ? 200 : 2000
const MATRICES = asked.quick ? 10 : 100

const PROCESSES = [
  autoregressive(0),
  autoregressive(0.5),
  autoregressive(0.9),
  autoregressive(0.99),
  queue(0.5),
  queue(0.7),
  queue(0.8),
  queue(0.9),
  constantServiceQueue(0.5),
  constantServiceQueue(0.7),
  mixedServiceQueue(0.5),
  mixedServiceQueue(0.7),
  bimodal(0.05, 5),
  stalls(0.02, 50, 5),
  withRepetitionEffect(0.02),
  withRepetitionEffect(0.05),
  withRepetitionEffect(0.2),
]

const FAILURES = [
  independentFailures(0.001),
  independentFailures(0.01),
  burstsOfFailures(0.01, 20),
  burstsOfFailures(0.01, 100),
  unlikeFailures(0.01, 0.5),
]

/** The first is five seconds at 1,000 requests/s. */
const SHAPES = [
  { repetitions: 5, samplesPerRepetition: 5000 },
  { repetitions: 5, samplesPerRepetition: 3000 },
  { repetitions: 3, samplesPerRepetition: 3000 },
  { repetitions: 1, samplesPerRepetition: 8000 },
]

const GATE_PROCESSES = [
  autoregressive(0),
  autoregressive(0.9),
  withRepetitionEffect(0.02),
  withRepetitionEffect(0.05),
  disturbed({ sigmaEffect: 0.03, share: 0.1, factor: 1.5 }),
]

const percent = (fraction: number) => `${(fraction * 100).toFixed(1)} %`
const text = ({ covered, halfWidth }: { readonly covered: number; readonly halfWidth: number }) =>
  `${percent(covered)} (±${percent(halfWidth)})`
const write = (line: string) => process.stdout.write(`${line}\n`)
const print = (cells: readonly string[]) => write(`| ${cells.join(' | ')} |`)

function printHead(sentence: string, headers: readonly string[]): void {
  write(`\n${sentence}\n`)
  print(headers)
  print(headers.map(() => '---'))
}

const isAsked = ({ name }: { readonly name: string }) => asked.only === undefined || name.includes(asked.only)

/** One repetition cannot know how repetitions differ. */
const isKnowable = ({ name }: { readonly name: string }, repetitions: number) =>
  repetitions > 1 || !name.includes('per repetition')

function printLatencies(): void {
  printHead(`Coverage of 95 % intervals, ${RUNS} runs each, seed ${SEED}; in brackets the mean half width.`, [
    'process',
    'repetitions × samples',
    ...['p50', 'p90', 'p95', 'p99', 'p99.9', 'mean'],
  ])
  for (const shape of SHAPES) {
    for (const latencies of PROCESSES.filter(isAsked)) {
      if (!isKnowable(latencies, shape.repetitions)) continue
      const found = measureCoverage({ process: latencies, ...shape, runs: RUNS, seed: SEED })
      print([latencies.name, `${shape.repetitions} × ${shape.samplesPerRepetition}`, ...found.map(text)])
    }
  }
}

function printCounts(): void {
  const repetitions = [5, 3, 1]
  const headers = repetitions.map((count) => `${count} ${count === 1 ? 'repetition' : 'repetitions'}`)
  const setting = (count: number) => ({ repetitions: count, runs: RUNS, seed: SEED, perWindow: 3000 })
  const rate = (latencies: LatencyProcess, count: number) => text(measureRateCoverage(latencies, setting(count)))
  printHead(
    `Requests/s of a closed loop at concurrency 1 with these latencies, 3000 in a window; ${RUNS} runs each; inferences/s are a multiple.`,
    ['process', ...headers],
  )
  for (const latencies of PROCESSES.filter(isAsked)) {
    print([
      latencies.name,
      ...repetitions.map((count) => (isKnowable(latencies, count) ? rate(latencies, count) : '–')),
    ])
  }
  printHead(`Error rate, 3000 requests in a window; ${RUNS} runs each; half widths relative to the true rate.`, [
    'failures',
    ...headers,
  ])
  for (const failures of FAILURES.filter(isAsked)) {
    const found = (count: number) => text(measureErrorCoverage(failures, setting(count)))
    print([failures.name, ...repetitions.map((count) => (isKnowable(failures, count) ? found(count) : '–'))])
  }
}

const MATRIX = { candidates: 3, conditions: 8, matrices: MATRICES, seed: SEED }

function printGates(): void {
  const shape = { repetitions: 5, samplesPerRepetition: 5000 }
  printHead(
    `Gates on the same data: ${MATRICES} matrices of ${MATRIX.candidates * MATRIX.conditions} cells against their baselines, ` +
      `${shape.repetitions} repetitions × ${shape.samplesPerRepetition} samples (5 s at 1,000/s), p50 and p99 of each.`,
    ['process', 'gate', 'false alarms, family-wise', 'p50 +10 % found', 'p50 +20 % found', 'p99 +20 % found'],
  )
  for (const latencies of GATE_PROCESSES.filter(isAsked)) {
    const measured = (slowdown: number) => measureMatrix({ ...MATRIX, ...shape, process: latencies, slowdown })
    const [alike, slower, slowest] = [measured(1), measured(1.1), measured(1.2)]
    for (const [index, { name, falseAlarms }] of alike.entries()) {
      const found = [slower[index]?.detectedP50, slowest[index]?.detectedP50, slowest[index]?.detectedP99]
      print([latencies.name, name, percent(falseAlarms), ...found.map((share) => percent(share ?? 0))])
    }
  }
}

/** How many repetitions a change of 10 % takes where repetitions themselves differ. */
function printPower(): void {
  const samplesPerRepetition = 1000
  printHead(
    `Repetitions that it takes: p50 +10 % found by dyno, repetitions × ${samplesPerRepetition} samples; ` +
      `${MATRICES} matrices of 24 cells, ${MATRICES * 10} single cells.`,
    ['process', 'repetitions', 'found among 24 cells', 'found, the only cell'],
  )
  const latencies = withRepetitionEffect(0.05)
  for (const repetitions of [5, 7, 10, 15, 20]) {
    const shape = { process: latencies, repetitions, samplesPerRepetition, slowdown: 1.1 }
    const [among] = measureMatrix({ ...MATRIX, ...shape })
    const [alone] = measureMatrix({ ...MATRIX, ...shape, candidates: 1, conditions: 1, matrices: MATRICES * 10 })
    print([latencies.name, String(repetitions), percent(among?.detectedP50 ?? 0), percent(alone?.detectedP50 ?? 0)])
  }
}

const PARTS = { latency: printLatencies, counts: printCounts, gates: printGates, power: printPower }

for (const [name, printPart] of Object.entries(PARTS)) {
  if (asked.part === undefined || asked.part === name) printPart()
}
