// `node bench/analysis/coverage.ts [--long]` prints how often the intervals hold the truth, and how often verdicts are wrong.
import { autoregressive, bimodal, constantServiceQueue, queue, withRepetitionEffect } from './simulated-latencies.ts'
import { measureCoverage, measureMatrix } from './simulation.ts'

const SEED = 20260101
const isLong = process.argv.includes('--long')
const RUNS = isLong ? 2000 : 200
const MATRICES = isLong ? 1000 : 100

const PROCESSES = [
  autoregressive(0),
  autoregressive(0.5),
  autoregressive(0.9),
  autoregressive(0.99),
  queue(0.5),
  queue(0.7),
  queue(0.8),
  constantServiceQueue(0.5),
  constantServiceQueue(0.7),
  bimodal(0.05, 5),
  withRepetitionEffect(0.02),
  withRepetitionEffect(0.05),
  withRepetitionEffect(0.2),
]

const SHAPES = [
  { repetitions: 5, samplesPerRepetition: 3000 },
  { repetitions: 3, samplesPerRepetition: 3000 },
  { repetitions: 1, samplesPerRepetition: 8000 },
]

const percent = (fraction: number) => `${(fraction * 100).toFixed(1)} %`
const print = (cells: readonly string[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)

process.stdout.write(
  `Coverage of 95 % intervals, ${RUNS} runs each, seed ${SEED}; in brackets the mean half width.\n\n`,
)
print(['process', 'repetitions × samples', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'mean'])
print(Array.from({ length: 8 }, () => '---'))
for (const shape of SHAPES) {
  for (const latencyProcess of PROCESSES) {
    // One repetition cannot know how repetitions differ.
    if (shape.repetitions === 1 && latencyProcess.name.includes('per repetition')) continue
    const found = measureCoverage({ process: latencyProcess, ...shape, runs: RUNS, seed: SEED })
    print([
      latencyProcess.name,
      `${shape.repetitions} × ${shape.samplesPerRepetition}`,
      ...found.map(({ covered, halfWidth }) => `${percent(covered)} (±${percent(halfWidth)})`),
    ])
  }
}

const MATRIX = { candidates: 3, conditions: 8, repetitions: 5, samplesPerRepetition: 5000, matrices: MATRICES }

process.stdout.write(
  `\nGates on the same data: ${MATRICES} matrices of ${MATRIX.candidates * MATRIX.conditions} cells against their baselines, ` +
    `${MATRIX.repetitions} repetitions × ${MATRIX.samplesPerRepetition} samples (5 s at 1,000/s), p50 and p99 of each.\n\n`,
)
print(['process', 'gate', 'false alarms, family-wise', 'p50 +10 % found', 'p50 +20 % found', 'p99 +20 % found'])
print(Array.from({ length: 6 }, () => '---'))
for (const latencyProcess of [
  autoregressive(0),
  autoregressive(0.9),
  withRepetitionEffect(0.02),
  withRepetitionEffect(0.05),
]) {
  const measured = (slowdown: number) => measureMatrix({ ...MATRIX, process: latencyProcess, seed: SEED, slowdown })
  const [alike, slower, slowest] = [measured(1), measured(1.1), measured(1.2)]
  for (const [index, { name, falseAlarms }] of alike.entries()) {
    const found = [slower[index]?.detectedP50, slowest[index]?.detectedP50, slowest[index]?.detectedP99]
    print([latencyProcess.name, name, percent(falseAlarms), ...found.map((share) => percent(share ?? 0))])
  }
}
