// `npm run bench:soak`: millions of requests in one window. Does memory grow with them, do latencies, how soon is the first?
// npm run bench:soak -- [--requests N]; `dyno run` as users start it, against a built-in server that answers at once.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startCalibrationServer } from './calibration/server.ts'
import { sleep } from './core/clock.ts'
import { quantile, sortedCopy } from './core/quantile.ts'
import { openRun } from './measurement/run-store.ts'
import { choosePinning } from './peers/pinning.ts'
import { answerOf, MODEL } from './peers/request.ts'

/** Starts of a run until its first request; the median of them is printed. */
const STARTS = 5
const LOOK_FOR_START_MS = 2
const LOOK_EVERY_MS = 200
/** Longer than any soak: it is ended by its count. */
const WINDOW = '4h'
/** Memory is followed from here on: before, code is compiled and heaps take their size. */
const SETTLED_AT = 0.1
const TENTHS = 10

const { values } = parseArgs({ options: { requests: { type: 'string', default: '10000000' } } })
const requests = Number(values.requests)
if (!Number.isSafeInteger(requests) || requests < 100_000)
  throw new RangeError('--requests is a whole number from 100000')

const dir = mkdtempSync(join(tmpdir(), 'dyno-soak-'))
const pinning = choosePinning()
const behaviour = { kind: 'null' } as const
const server = await startCalibrationServer({
  protocol: 'http',
  cpu: pinning.server,
  answer: answerOf('http'),
  behaviour,
})
try {
  writeFileSync(join(dir, 'soak.yaml'), JSON.stringify(scenario(server.address)))
  const starts: number[] = []
  for (let start = 0; start < STARTS; start++) starts.push(await timeStart(join(dir, `start-${start}`)))
  const run = join(dir, 'run')
  const bytesPerRequest = await soak(run)
  print(starts, bytesPerRequest, await tenthsOf(run))
} finally {
  await server.close()
  rmSync(dir, { recursive: true })
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

function startRun(out: string): ChildProcess {
  const args = ['bench/main.ts', 'run', join(dir, 'soak.yaml'), '--out', out]
  const [command = '', ...rest] =
    pinning.client === null
      ? [process.execPath, ...args]
      : ['taskset', '-c', `${pinning.client}`, process.execPath, ...args]
  return spawn(command, rest, { stdio: 'ignore' })
}

/** Milliseconds from the start of `dyno run` to its first request, which is that of the check on agreement. */
async function timeStart(out: string): Promise<number> {
  const before = await server.answered()
  const startMs = performance.now()
  const child = startRun(out)
  while ((await server.answered()) === before) await sleep(LOOK_FOR_START_MS)
  const tookMs = performance.now() - startMs
  await end(child)
  return tookMs
}

/** Runs until that many requests are answered. @returns slope of the resident memory over the requests, bytes */
async function soak(out: string): Promise<number> {
  const before = await server.answered()
  const child = startRun(out)
  const points: { readonly answered: number; readonly bytes: number }[] = []
  for (let answered = 0; answered < requests && child.exitCode === null; ) {
    await sleep(LOOK_EVERY_MS)
    answered = (await server.answered()) - before
    if (answered >= SETTLED_AT * requests) points.push({ answered, bytes: residentBytes(child.pid ?? 0) })
    process.stderr.write(`\r${answered.toLocaleString('en')} of ${requests.toLocaleString('en')} requests`)
  }
  process.stderr.write('\n')
  await end(child)
  return slopeOf(points)
}

/** As Ctrl-C does: what was measured is kept. */
async function end(child: ChildProcess): Promise<void> {
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

function print(starts: readonly number[], bytesPerRequest: number, tenths: Awaited<ReturnType<typeof tenthsOf>>): void {
  const sorted = sortedCopy(Float64Array.from(starts))
  const write = (line: string) => process.stdout.write(`${line}\n`)
  write(`From the start of dyno run to its first request: ${Math.round(quantile(sorted, 0.5))} ms, median of ${STARTS}`)
  write(`(${Math.round(sorted[0] ?? 0)} to ${Math.round(sorted.at(-1) ?? 0)}); ${pinning.text}.\n`)
  write(
    `Resident memory grows by ${bytesPerRequest.toFixed(2)} bytes a request, over ${requests.toLocaleString('en')} of them.\n`,
  )
  write('| tenth | requests | p50 ms | p99 ms |\n|--:|--:|--:|--:|')
  for (const [index, { rows, p50, p99 }] of tenths.entries()) {
    write(`| ${index + 1} | ${rows.toLocaleString('en')} | ${p50.toFixed(3)} | ${p99.toFixed(3)} |`)
  }
}
