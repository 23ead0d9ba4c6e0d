// The gate, tested on this machine: runs in which nothing differs, and runs in which one server is slower by a known amount.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failingGates, OTHER_GATES } from './analysis/other-gates.ts'
import type { Finding } from './analysis/run-document.ts'
import { calibrationAnswer } from './calibration/answers.ts'
import { knownLatency } from './calibration/behaviour.ts'
import { type CalibrationHost, startCalibrationHost } from './calibration/server.ts'
import type { Context } from './cli/command.ts'
import { createProgress } from './progress.ts'
import { measureScenario, type World } from './run.ts'
import { NO_OVERRIDES } from './scenario/load-scenario.ts'
import type { ModelSpec } from './scenario/types.ts'

/** Factors on every latency of the candidate's server. */
const SLOWDOWNS = [1, 1.1, 1.2] as const

/** Of a server under a light load: exp(normal), a p99 of twice the median. */
const MEDIAN_MS = 4
const SIGMA = 0.3
const REPETITIONS = 5

export const SELF_TEST_MODEL: ModelSpec = {
  name: 'calibration',
  version: null,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [4] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [1] }],
  maxBatchSize: null,
}

export interface SelfTestRow {
  /** 1: nothing differs, and a failure is a false alarm. */
  readonly slowdown: number
  readonly runs: number
  readonly pass: number
  readonly inconclusive: number
  readonly fail: number
  /** Runs that failed by this metric. */
  readonly failedBy: { readonly p50: number; readonly p99: number }
  /** Runs that other gates fail, by the same measurements of the planned repetitions. */
  readonly others: readonly { readonly name: string; readonly fail: number }[]
}

export interface SelfTestOptions {
  /** Of each slowdown. */
  readonly runs: number
  /** Of each of the repetitions. */
  readonly windowMs: number
}

/**
 * Runs `dyno run` on two built-in servers of known latency, `runs` times for each slowdown.
 * @throws BenchError as a run does
 */
export async function selfTest(
  { runs, windowMs }: SelfTestOptions,
  { context, progress }: World,
): Promise<SelfTestRow[]> {
  const dir = mkdtempSync(join(tmpdir(), 'dyno-self-test-'))
  const host = await startCalibrationHost(null)
  try {
    const rows: SelfTestRow[] = []
    for (const slowdown of SLOWDOWNS) {
      const found: Outcome[] = []
      for (let run = 1; run <= runs && !context.signal.aborted; run++) {
        progress.step(`${nameOf(slowdown)}: run ${run} of ${runs}`)
        found.push(await runOnce(join(dir, `${slowdown}-${run}`), slowdown, { host, seed: run, windowMs, context }))
      }
      rows.push(rowOf(slowdown, found))
    }
    return rows
  } finally {
    await host.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** `nothing differs`, `10 % slower` */
export function nameOf(slowdown: number): string {
  return slowdown === 1 ? 'nothing differs' : `${Math.round((slowdown - 1) * 100)} % slower`
}

interface Outcome {
  readonly status: 'pass' | 'fail' | 'inconclusive'
  readonly failed: readonly Finding[]
  readonly failedOthers: readonly string[]
}

interface RunSetting {
  readonly host: CalibrationHost
  readonly seed: number
  readonly windowMs: number
  readonly context: Context
}

async function runOnce(
  outDir: string,
  slowdown: number,
  { host, seed, windowMs, context }: RunSetting,
): Promise<Outcome> {
  const answer = calibrationAnswer({ api: 'flask', protocol: 'http', tensors: 'json' }, SELF_TEST_MODEL, 1)
  // Two seeds: servers that draw the same latencies one after the other differ by less than two servers do.
  const serve = async (factor: number, serverSeed: number) => {
    const latency = { kind: 'log-normal', medianMs: MEDIAN_MS * factor, sigma: SIGMA } as const
    return await host.serve({ protocol: 'http', answer, behaviour: { ...knownLatency(latency), seed: serverSeed } })
  }
  const [before, after] = [await serve(1, 2 * seed), await serve(slowdown, 2 * seed + 1)]
  const path = `${outDir}.yaml`
  writeFileSync(path, selfTestScenario({ before: before.address, after: after.address, windowMs }))
  const { analysed } = await measureScenario(
    { path, overrides: { ...NO_OVERRIDES, seed }, runtime: 'auto', outDir },
    { context, progress: createProgress(context.stderr, 'quiet') },
  )
  const { gate } = analysed.run
  const failed = gate?.findings.filter(({ status }) => status === 'fail') ?? []
  const failedOthers = failingGates(analysed.summarised, { baseline: 'before', repetitions: REPETITIONS })
  return { status: gate?.status ?? 'inconclusive', failed, failedOthers }
}

interface ServedPair extends Pick<SelfTestOptions, 'windowMs'> {
  /** URLs. */
  readonly before: string
  readonly after: string
}

/** As a user would write it: two servers of the same app, and rules about the second. */
export function selfTestScenario({ before, after, windowMs }: ServedPair): string {
  return `name: gate-self-test
model:
  name: ${SELF_TEST_MODEL.name}
  inputs: [{ name: x, datatype: FP32, shape: [4] }]
  outputs: [{ name: y, datatype: FP32, shape: [1] }]
servers:
  before: { kind: external, url: ${before} }
  after: { kind: external, url: ${after} }
targets:
  before: { server: before, api: flask, protocol: http }
  after: { server: after, api: flask, protocol: http }
matrix: { batchSize: [1], load: [{ concurrency: 4 }, { concurrency: 8 }] }
measure: { warmup: 100ms, duration: ${windowMs}ms, repetitions: ${REPETITIONS} }
compare: { baseline: before }
gate:
  rules:
    - { metric: p50, target: after, maxRegression: 5% }
    - { metric: p99, target: after, maxRegression: 10% }
`
}

function rowOf(slowdown: number, found: readonly Outcome[]): SelfTestRow {
  const count = (is: (outcome: Outcome) => boolean) => found.filter(is).length
  const by = (metric: string) => count(({ failed }) => failed.some((finding) => finding.metric === metric))
  return {
    slowdown,
    runs: found.length,
    pass: count(({ status }) => status === 'pass'),
    inconclusive: count(({ status }) => status === 'inconclusive'),
    fail: count(({ status }) => status === 'fail'),
    failedBy: { p50: by('p50'), p99: by('p99') },
    others: OTHER_GATES.map(({ name }) => ({ name, fail: count(({ failedOthers }) => failedOthers.includes(name)) })),
  }
}
