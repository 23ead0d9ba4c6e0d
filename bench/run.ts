// A run, from a scenario file to a stored, analysed, reported comparison. Reads as the data flow; the stages do the work.
import { basename, join } from 'node:path'
import type { Context } from './cli/command.ts'
import { CleanupStack } from './core/cleanup.ts'
import { type AnalysedRun, buildDocument } from './document.ts'
import { type CpuTicks, readCpuTicks, readHostFacts, stealFraction } from './measurement/host.ts'
import { type RunHeader, writeHeader } from './measurement/run-header.ts'
import { createRunStore, type RunStore } from './measurement/run-store.ts'
import type { Measurement, ParityResult } from './measurement/types.ts'
import { cellsOf, expand } from './plan/expand.ts'
import type { Plan } from './plan/types.ts'
import type { Progress } from './progress.ts'
import { newRunDir, projectDirOf, stateDirOf } from './project.ts'
import { writeReport } from './report/write-report.ts'
import { createLocalRuntime } from './runtime/local.ts'
import { loadScenario, type Overrides } from './scenario/load-scenario.ts'
import { type Servers, startServers } from './servers.ts'
import { openTrials } from './trials.ts'
import { VERSION } from './version.ts'

export interface RunRequest {
  readonly path: string
  readonly overrides: Overrides
  /** `null`: a new folder under reports/runs. */
  readonly outDir: string | null
}

export interface RunOutcome {
  readonly dir: string
  readonly analysed: AnalysedRun
}

export interface World {
  readonly context: Context
  readonly progress: Progress
}

/**
 * Measures a scenario. Interrupted, it keeps and reports what it has; nothing that it started is left running.
 * @throws BenchError, BenchErrors for what the user can mend, before anything is measured
 */
export async function runScenario(request: RunRequest, world: World): Promise<RunOutcome> {
  const plan = expand(await loadScenario(request.path, request.overrides))
  const store = createRunStore(request.outDir ?? newRunDir(world.context, plan.scenario.name))
  const { header, measurements } = await measurePlan(plan, store, world)
  world.progress.step('writing the report')
  writeHeader(store.dir, header)
  await store.finish()
  const analysed = buildDocument(header, measurements)
  await writeReport(analysed, store.dir)
  return { dir: store.dir, analysed }
}

interface Measured {
  readonly header: RunHeader
  readonly measurements: readonly Measurement[]
}

/** Starts the servers, checks their agreement, measures every trial, stops the servers whatever happened. */
async function measurePlan(plan: Plan, store: RunStore, world: World): Promise<Measured> {
  const { context, progress } = world
  const start = { id: basename(store.dir), startedAt: new Date().toISOString(), ticks: readCpuTicks() }
  const cleanup = new CleanupStack()
  const measurements: Measurement[] = []
  try {
    const runtime = createLocalRuntime({ projectDir: projectDirOf(context), stateDir: stateDirOf(context) })
    const setting = { plan, runtime, logDir: join(store.dir, 'logs'), signal: context.signal, progress }
    const servers = await startServers(setting, cleanup)
    const trials = await openTrials({ plan, servers, signal: context.signal, progress }, cleanup)
    const { parity } = trials
    // Stored before the first trial, so that a run that is killed can still be reported.
    writeHeader(store.dir, headerOf(plan, start, { servers, parity, interrupted: true, finished: false }))
    for await (const measurement of trials.measure()) {
      store.append(measurement)
      measurements.push(measurement)
    }
    const interrupted = context.signal.aborted
    return { header: headerOf(plan, start, { servers, parity, interrupted, finished: true }), measurements }
  } finally {
    if (!cleanup.isEmpty) progress.step('stopping the servers')
    for (const failure of await cleanup.run()) progress.note(`clean-up failed: ${failure}`)
  }
}

function headerOf(
  plan: Plan,
  start: { readonly id: string; readonly startedAt: string; readonly ticks: CpuTicks | null },
  state: {
    readonly servers: Servers
    readonly parity: readonly ParityResult[]
    readonly interrupted: boolean
    readonly finished: boolean
  },
): RunHeader {
  return {
    schemaVersion: 1,
    id: start.id,
    startedAt: start.startedAt,
    finishedAt: state.finished ? new Date().toISOString() : null,
    interrupted: state.interrupted,
    scenario: plan.scenario,
    scenarioPath: plan.scenarioPath,
    scenarioSha256: plan.scenarioSha256,
    seed: plan.seed,
    cells: cellsOf(plan),
    parity: state.parity,
    environment: {
      ...readHostFacts(),
      dyno: VERSION,
      stealFraction: stealFraction(start.ticks, readCpuTicks()),
      servers: Object.fromEntries([...state.servers].map(([name, server]) => [name, server.identity])),
    },
  }
}
