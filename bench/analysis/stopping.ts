// `node bench/analysis/stopping.ts [--long]` prints how often the intervals hold the truth that decided when to stop.
import { autoregressive, withRepetitionEffect } from './simulated-latencies.ts'
import { queue } from './simulated-queues.ts'
import { measureStopping } from './simulated-stopping.ts'

const SEED = 20260101
const RUNS = process.argv.includes('--long') ? 2000 : 200
const PROCESSES = [autoregressive(0), autoregressive(0.9), queue(0.7), withRepetitionEffect(0.05)]
const WANTED = [
  { p50: 0.05, p99: 0.1 },
  { p50: 0.1, p99: 0.2 },
]
/** Requests per window, and how many windows there may be: a minute of 1,000 requests/s in each case. */
const SHAPES = [
  { samplesPerRepetition: 1000, mostRepetitions: 60 },
  { samplesPerRepetition: 2000, mostRepetitions: 30 },
]

const percent = (fraction: number) => `${(fraction * 100).toFixed(1)} %`
const print = (cells: readonly string[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)

process.stdout.write(
  `Coverage of 95 % intervals that decided when to stop: ${RUNS} runs each, at least 5 repetitions, seed ${SEED}.\n\n`,
)
print([
  'process',
  'samples × most repetitions',
  'wanted: p50, p99',
  'p50',
  'p99',
  'repetitions (mean)',
  'stopped by the limit',
])
print(Array.from({ length: 7 }, () => '---'))
for (const latencyProcess of PROCESSES) {
  for (const shape of SHAPES) {
    for (const wanted of WANTED) {
      const setting = { ...shape, runs: RUNS, seed: SEED, process: latencyProcess, wanted, leastRepetitions: 5 }
      const found = measureStopping(setting)
      print([
        latencyProcess.name,
        `${shape.samplesPerRepetition} × ${shape.mostRepetitions}`,
        `±${percent(wanted.p50)}, ±${percent(wanted.p99)}`,
        percent(found.coveredP50),
        percent(found.coveredP99),
        found.meanRepetitions.toFixed(1),
        percent(found.unsettled),
      ])
    }
  }
}
