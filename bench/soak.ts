// `npm run bench:soak`: millions of requests in one window. Does memory grow with them, do latencies, how soon is the first?
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CalibrationServer, startCalibrationServer } from './calibration/server.ts'
import { type Context, defineCommand, takesEscapes } from './cli/command.ts'
import { runScript } from './cli/script.ts'
import { sleep } from './core/clock.ts'
import { EXIT } from './core/errors.ts'
import { NODE_FLAGS } from './core/node-flags.ts'
import { quantile, sortedCopy } from './core/quantile.ts'
import { openRun } from './measurement/run-store.ts'
import { choosePinning, type Pinning } from './peers/pinning.ts'
import { answerOf, MODEL } from './peers/request.ts'
import { createProgress } from './progress.ts'
import { PACKAGE_DIR } from './project.ts'

/** Starts of a run until its first request; the median of them is printed. */
const STARTS = 5
const LOOK_FOR_START_MS = 2
const LOOK_EVERY_MS = 200
/** Longer than any soak: it is ended by its count. */
const WINDOW = '4h'
/** Memory is followed from here on: before, code is compiled and heaps take their size. */
const SETTLED_AT = 0.1
const TENTHS = 10
const REQUESTS = 10_000_000
const SCENARIO = 'soak.yaml'

interface Soak {
  readonly dir: string
  readonly server: CalibrationServer
  readonly pinning: Pinning
  readonly context: Context
}

runScript(
  defineCommand({
    name: 'bench:soak',
    summary: 'loads a built-in server with millions of requests',
    details:
      'Runs `dyno run` against a built-in server that answers at once: how soon the first request comes, whether memory\n' +
      'grows with the requests, and whether latency does. Ten million take about two minutes and 400 MB of disk.',
    operands: [],
    flags: {
      requests: { kind: 'whole', placeholder: 'N', least: 100_000, description: 'How many. Default: 10000000.' },
    },
    examples: ['npm run --silent bench:soak -- --requests 1000000'],
    async run({ flags }, context) {
      const dir = mkdtempSync(join(tmpdir(), 'dyno-soak-'))
      const pinning = choosePinning()
      const behaviour = { kind: 'null' } as const
      const answer = answerOf('http')
      const server = await startCalibrationServer({ protocol: 'http', cpu: pinning.server, answer, behaviour })
      try {
        await measure({ dir, server, pinning, context }, flags.requests ?? REQUESTS)
        return EXIT.ok
      } finally {
        await server.close()
        rmSync(dir, { recursive: true })
      }
    },
  }),
)

async function measure(soak: Soak, requests: number): Promise<void> {
  writeFileSync(join(soak.dir, SCENARIO), JSON.stringify(scenario(soak.server.address)))
  const starts: number[] = []
  for (let start = 0; start < STARTS; start++) starts.push(await timeStart(soak, join(soak.dir, `start-${start}`)))
  const run = join(soak.dir, 'run')
  const bytesPerRequest = await follow(soak, run, requests)
  soak.context.stdout.write(render({ starts, bytesPerRequest, requests, tenths: await tenthsOf(run) }, soak.pinning))
}

function scenario(url: string): object {
  return {
    name: 'soak',
    model: { name: MODEL.name, inputs: MODEL.inputs, outputs: MODEL.outputs },
    servers: { built_in: { kind: 'external', url } },
    targets: { built_in: { server: 'built_in', api: 'kserve', protocol: 'http' } },
    matrix: { load: [{ concurrency: 16 }] },
    measure: { warmup: '0s', duration: WINDOW, repetitions: 1 },
  }
}

function startRun({ dir, pinning }: Soak, out: string): ChildProcess {
  const args = [...NODE_FLAGS, join(PACKAGE_DIR, 'bench', 'main.ts'), 'run', join(dir, SCENARIO), '--out', out]
  const [command = '', ...rest] =
    pinning.client === null
      ? [process.execPath, ...args]
      : ['taskset', '-c', `${pinning.client}`, process.execPath, ...args]
  return spawn(command, rest, { stdio: 'ignore' })
}

/** Milliseconds from the start of `dyno run` to its first request, which is that of the check on agreement. */
async function timeStart(soak: Soak, out: string): Promise<number> {
  const { server, context } = soak
  const before = await server.answered()
  const startMs = performance.now()
  const child = startRun(soak, out)
  try {
    while ((await server.answered()) === before) await pause(LOOK_FOR_START_MS, child, context)
    return performance.now() - startMs
  } finally {
    await end(child)
  }
}

/** Runs until that many requests are answered. @returns slope of the resident memory over the requests, bytes */
async function follow(soak: Soak, out: string, requests: number): Promise<number> {
  const { server, context } = soak
  const before = await server.answered()
  const child = startRun(soak, out)
  const progress = createProgress(context.stderr, takesEscapes(context.stderr, context.env) ? 'live' : 'quiet')
  const points: { readonly answered: number; readonly bytes: number }[] = []
  try {
    for (let answered = 0; answered < requests; ) {
      await pause(LOOK_EVERY_MS, child, context)
      answered = (await server.answered()) - before
      if (answered >= SETTLED_AT * requests) points.push({ answered, bytes: residentBytes(child.pid ?? 0) })
      progress.step(`${count(answered)} of ${count(requests)} requests`)
    }
    return slopeOf(points)
  } finally {
    progress.close()
    await end(child)
  }
}

/** @throws the signal's reason when it aborts, Error when the run has ended by itself */
async function pause(ms: number, child: ChildProcess, { signal }: Context): Promise<void> {
  await sleep(ms, signal)
  signal.throwIfAborted()
  if (child.exitCode !== null) throw new Error(`dyno run ended by itself with ${child.exitCode}`)
}

/** As Ctrl-C does: what was measured is kept. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGINT')
  await gone
}

/** Least squares. */
function slopeOf(points: readonly { readonly answered: number; readonly bytes: number }[]): number {
  const mean = (of: (point: (typeof points)[number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [answered, bytes] = [mean((point) => point.answered), mean((point) => point.bytes)]
  return (
    mean((point) => (point.answered - answered) * (point.bytes - bytes)) /
    mean((point) => (point.answered - answered) ** 2)
  )
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
}

/** p50 and p99 of every tenth of the requests, ms, in the order of their completion. */
async function tenthsOf(run: string): Promise<{ readonly rows: number; readonly p50: number; readonly p99: number }[]> {
  const [measurement] = await (await openRun(run)).read([0])
  if (measurement === undefined) throw new Error('nothing was stored')
  const { receivedNs, scheduledNs, length } = measurement.columns
  return Array.from({ length: TENTHS }, (_, tenth) => {
    const from = Math.floor((tenth / TENTHS) * length)
    const to = Math.floor(((tenth + 1) / TENTHS) * length)
    const ms = Float64Array.from({ length: to - from }, (_, row) => {
      return ((receivedNs[from + row] as number) - (scheduledNs[from + row] as number)) / 1e6
    })
    const sorted = sortedCopy(ms)
    return { rows: to - from, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
  })
}

interface Result {
  readonly starts: readonly number[]
  readonly bytesPerRequest: number
  readonly requests: number
  readonly tenths: Awaited<ReturnType<typeof tenthsOf>>
}

function render({ starts, bytesPerRequest, requests, tenths }: Result, { text }: Pinning): string {
  const sorted = sortedCopy(Float64Array.from(starts))
  const [least, median, most] = [0, 0.5, 1].map((fraction) => Math.round(quantile(sorted, fraction)))
  return [
    `From the start of dyno run to its first request: ${median} ms, median of ${STARTS} (${least} to ${most}); ${text}.`,
    `Resident memory grows by ${bytesPerRequest.toFixed(2)} bytes a request, over ${count(requests)} of them.`,
    '',
    '| tenth | requests | p50 ms | p99 ms |',
    '|--:|--:|--:|--:|',
    ...tenths.map(
      ({ rows, p50, p99 }, index) => `| ${index + 1} | ${count(rows)} | ${p50.toFixed(3)} | ${p99.toFixed(3)} |`,
    ),
    '',
  ].join('\n')
}

function count(value: number): string {
  return value.toLocaleString('en')
}
