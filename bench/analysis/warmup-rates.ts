// `node bench/analysis/warmup-rates.ts` prints how often a warm server is called cold, and how often a cold one is found.
import { autoregressive, bimodal, withRepetitionEffect } from './simulated-latencies.ts'
import { queue } from './simulated-queues.ts'
import { measureWarmup } from './simulated-warmup.ts'

const SHAPE = { repetitions: 5, inWarmup: 400, inWindow: 1000, seed: 20260101 }
const SPARSE = { ...SHAPE, repetitions: 3, inWarmup: 100, inWindow: 250 }
const STEADY_CELLS = 3000
const COLD_CELLS = 300

const percent = (fraction: number) => `${Number((fraction * 100).toFixed(2))} %`
const print = (cells: readonly string[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)

process.stdout.write(`Warm from the start, ${STEADY_CELLS} cells each.\n\n`)
print(['latencies', 'repetitions × requests in the warm-up', 'called cold', 'told to have settled late'])
print(['---', '---', '--:', '--:'])
for (const latencies of [
  autoregressive(0),
  autoregressive(0.9),
  autoregressive(0.99),
  queue(0.7),
  bimodal(0.45, 5),
  withRepetitionEffect(0.2),
]) {
  for (const shape of [SHAPE, SPARSE]) {
    const found = measureWarmup({ ...shape, process: latencies, slowness: () => 1, cells: STEADY_CELLS })
    print([latencies.name, `${shape.repetitions} × ${shape.inWarmup}`, percent(found.notSettled), percent(found.late)])
  }
}

/** Ages count in warm-ups: 1.33 is a third of its length into the window. */
const COLD: readonly (readonly [string, (age: number) => number])[] = [
  ['2 times until 1.33 warm-ups', (age) => (age < 1.33 ? 2 : 1)],
  ['1.5 times until 1.33 warm-ups', (age) => (age < 1.33 ? 1.5 : 1)],
  ['1.3 times until 1.33 warm-ups', (age) => (age < 1.33 ? 1.3 : 1)],
  ['4 times at first, 2.2 times at the end, falling on', (age) => 1 + 3 * Math.exp(-age / 1.1)],
  ['2 times until 0.5 warm-ups', (age) => (age < 0.5 ? 2 : 1)],
]

process.stdout.write(`\nCold at first, ${COLD_CELLS} cells each, independent log-normal latencies, 5 repetitions.\n\n`)
print(['slower by', 'found with 400 requests in the warm-up', 'with 4,000'])
print(['---', '--:', '--:'])
for (const [name, slowness] of COLD) {
  const rates = [SHAPE, { ...SHAPE, inWarmup: 4000, inWindow: 10_000 }].map(
    (shape) => measureWarmup({ ...shape, process: autoregressive(0), slowness, cells: COLD_CELLS }).notSettled,
  )
  print([name, ...rates.map(percent)])
}
