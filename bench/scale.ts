// `npm run bench:analysis`: time and memory of the analysis of a run with 10 million requests.
// npm run bench:analysis -- [--requests N]; the records are simulated, the files and the analysis are the real ones.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { NODE_FLAGS } from './core/node-flags.ts'
import { seededRandom } from './core/random.ts'
import { emptyColumns, type RequestColumns } from './load/request-columns.ts'
import { readHostFacts } from './measurement/host.ts'
import { withoutData } from './measurement/measure-trial.ts'
import { writeHeader } from './measurement/run-header.ts'
import { createRunStore } from './measurement/run-store.ts'
import { cellsOf, expand } from './plan/expand.ts'
import type { Plan } from './plan/types.ts'
import { loadScenario, NO_OVERRIDES } from './scenario/load-scenario.ts'
import { VERSION } from './version.ts'

const SCENARIO = 'scenarios/flask-vs-triton.yaml'
const SEED = 1
const LOOK_EVERY_MS = 20

/** The whole matrix, and the most that one cell can hold. */
const SHAPES = {
  'the lab’s matrix': {},
  'one cell': { only: ['flask'], set: ['matrix.batchSize=[1]', 'matrix.load=[{ concurrency: 8 }]'] },
} as const

const { values } = parseArgs({ options: { requests: { type: 'string', default: '10000000' } } })
const requests = Number(values.requests)
if (!Number.isSafeInteger(requests) || requests < 1000) throw new RangeError('--requests is a whole number from 1000')

process.stdout.write('| run | cells | requests | seconds | most memory, MiB |\n|---|--:|--:|--:|--:|\n')
for (const [name, changed] of Object.entries(SHAPES)) {
  const dir = mkdtempSync(join(tmpdir(), 'dyno-analysis-'))
  try {
    const plan = expand(await loadScenario(SCENARIO, { ...NO_OVERRIDES, ...changed }))
    const run = join(dir, 'run')
    const stored = await store(plan, run)
    const { seconds, peakBytes } = await timeReport(run, join(dir, 'report'))
    const row = [name, cellsOf(plan).length, stored, seconds.toFixed(1), Math.round(peakBytes / 1024 ** 2)]
    process.stdout.write(`| ${row.join(' | ')} |\n`)
  } finally {
    rmSync(dir, { recursive: true })
  }
}

async function store(plan: Plan, dir: string): Promise<number> {
  const store = createRunStore(dir)
  const rows = Math.floor(requests / plan.trials.length)
  const random = seededRandom(SEED, 'scale')
  const startedAt = new Date().toISOString()
  for (const trial of plan.trials) {
    const columns = simulated(rows, trial.durationMs * 1e6, random)
    store.record(columns)
    const account = withoutData({ trial, engine: 'native' }, { code: 'not-run', message: '' })
    store.append({ ...account, faults: [], windowNs: trial.durationMs * 1e6, answered: rows })
  }
  await store.finish()
  writeHeader(dir, {
    schemaVersion: 1,
    id: 'scale',
    startedAt,
    finishedAt: new Date().toISOString(),
    interrupted: false,
    scenario: plan.scenario,
    scenarioPath: plan.scenarioPath,
    scenarioSha256: plan.scenarioSha256,
    seed: plan.seed,
    cells: cellsOf(plan),
    floors: [],
    parity: [],
    readyMs: {},
    firstAnswers: [],
    cacheAudits: [],
    environment: { ...readHostFacts(), dyno: VERSION, loadThreads: null, stealFraction: null, servers: {} },
  })
  return rows * plan.trials.length
}

/** Evenly due over the window, with exponential latencies: no two values are alike. */
function simulated(rows: number, windowNs: number, random: ReturnType<typeof seededRandom>): RequestColumns {
  const columns = emptyColumns(rows)
  for (let row = 0; row < rows; row++) {
    const due = (row / rows) * windowNs
    columns.scheduledNs[row] = due
    columns.sentNs[row] = due
    columns.receivedNs[row] = due + random.exponential() * 1e6
  }
  columns.code.fill(200)
  return columns
}

/** `dyno report` in a process of its own, from its start to its end. */
async function timeReport(run: string, out: string): Promise<{ seconds: number; peakBytes: number }> {
  const start = performance.now()
  const child = spawn(process.execPath, [...NODE_FLAGS, 'bench/main.ts', 'report', run, '--out', out], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  let peakBytes = 0
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentPeak(child.pid ?? 0))
  }, LOOK_EVERY_MS)
  const [code] = await once(child, 'exit')
  clearInterval(timer)
  if (code !== 0) throw new Error(`dyno report ended with ${code}`)
  return { seconds: (performance.now() - start) / 1e3, peakBytes }
}

/** The kernel's own high-water mark; 0 once the process has ended. */
function residentPeak(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
