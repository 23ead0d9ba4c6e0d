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
const LEAST = [3, 5]
const SHAPE = { mostRepetitions: 60, samplesPerRepetition: 1000, runs: RUNS, seed: SEED }

const percent = (fraction: number) => `${(fraction * 100).toFixed(1)} %`
const print = (cells: readonly string[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)

process.stdout.write(
  `Coverage of 95 % intervals that decided when to stop: ${RUNS} runs each, ${SHAPE.samplesPerRepetition} samples per ` +
    `repetition, at most ${SHAPE.mostRepetitions} repetitions, seed ${SEED}.\n\n`,
)
print(['process', 'wanted: p50, p99', 'at least', 'p50', 'p99', 'repetitions (mean)', 'stopped by the limit'])
print(Array.from({ length: 7 }, () => '---'))
for (const latencyProcess of PROCESSES) {
  for (const wanted of WANTED) {
    for (const leastRepetitions of LEAST) {
      const found = measureStopping({ ...SHAPE, process: latencyProcess, wanted, leastRepetitions })
      print([
        latencyProcess.name,
        `±${percent(wanted.p50)}, ±${percent(wanted.p99)}`,
        String(leastRepetitions),
        percent(found.coveredP50),
        percent(found.coveredP99),
        found.meanRepetitions.toFixed(1),
        percent(found.unsettled),
      ])
    }
  }
}
