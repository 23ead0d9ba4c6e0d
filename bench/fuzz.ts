// `npm run fuzz`: millions of random HTTP/2 frames and HTTP/1 answers against the parsers and the gRPC connection.
// npm run fuzz -- [--seed N] [--frames N] [--answers N]; a failure is seen again with --only KIND --case N --seed N.
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { type Campaign, FuzzFailure, KINDS, type KindName, type Tally } from './fuzz/campaign.ts'
import type { WorkerJob, WorkerResult } from './fuzz/fuzz-worker.ts'

const PROGRESS_EVERY_MS = 3000
/** A case takes less than a millisecond or so. */
const LONGEST_CASE_MS = 15_000

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    frames: { type: 'string', default: '10000000' },
    answers: { type: 'string', default: '2000000' },
    only: { type: 'string' },
    case: { type: 'string' },
  },
})
const seed = wholeNumber('seed', values.seed)
const goals = { http2: wholeNumber('frames', values.frames), http1: wholeNumber('answers', values.answers) }
const names = (Object.keys(KINDS) as KindName[]).filter((name) => values.only === undefined || values.only === name)
if (names.length === 0) throw new RangeError(`--only is one of ${Object.keys(KINDS).join(', ')}`)

let ok = true
for (const kind of names) {
  const campaign = { kind, seed, goal: goals[kind] }
  if (values.case === undefined) ok = (await run(campaign)) && ok
  else ok = replay(campaign, wholeNumber('case', values.case)) && ok
}
process.exitCode = ok ? 0 : 1

/** One case by itself, in this thread: for a debugger. */
function replay(campaign: Campaign, number: number): boolean {
  try {
    console.log(campaign.kind, number, KINDS[campaign.kind].run(campaign.seed, number))
    return true
  } catch (error) {
    console.error(new FuzzFailure(campaign, number, error).message)
    return false
  }
}

/** False when a case failed or did not end; says so. */
async function run(campaign: Campaign): Promise<boolean> {
  const progress = new Float64Array(new SharedArrayBuffer(16))
  const workerData: WorkerJob = { campaign, progress }
  const worker = new Worker(new URL('./fuzz/fuzz-worker.ts', import.meta.url), { workerData })
  const startMs = performance.now()
  const elapsedSec = () => (performance.now() - startMs) / 1000
  let stop = () => {}
  const result = await new Promise<WorkerResult>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    stop = watch(progress, (stuckCase) => {
      if (stuckCase === null)
        console.log(line(campaign, { cases: progress[0] ?? 0, units: progress[1] ?? 0 }, elapsedSec()))
      else resolve({ ok: false, text: new FuzzFailure(campaign, stuckCase, 'it does not end').message })
    })
  })
  stop()
  await worker.terminate()
  if (!result.ok) {
    console.error(result.text)
    return false
  }
  console.log(`${line(campaign, result.tally, elapsedSec())}: done`)
  for (const [text, count] of [...result.tally.results].sort(([, a], [, b]) => b - a))
    console.log(`  ${count} × ${text}`)
  return true
}

/** Tells every few seconds that it goes on, or the number of the case that does not end. */
function watch(progress: Float64Array, tell: (stuckCase: number | null) => void): () => void {
  let seen = -1
  let sinceMs = performance.now()
  const timer = setInterval(() => {
    const number = progress[0] ?? 0
    if (number !== seen) sinceMs = performance.now()
    seen = number
    tell(performance.now() - sinceMs > LONGEST_CASE_MS ? number : null)
  }, PROGRESS_EVERY_MS)
  return () => clearInterval(timer)
}

function line({ kind, goal }: Campaign, { units, cases }: Pick<Tally, 'units' | 'cases'>, sec: number): string {
  const [done, of, rate] = [units, goal, units / sec].map((value) => Math.round(value).toLocaleString('en-US'))
  return `${kind}: ${done} of ${of} ${KINDS[kind].unit} in ${cases} cases, ${rate} ${KINDS[kind].unit}/s, seed ${seed}`
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new RangeError(`--${name} is a whole number, got ${JSON.stringify(text)}`)
  return Number(text)
}
