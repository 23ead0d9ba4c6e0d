// A run, from a scenario file to a stored, analysed, reported comparison. Reads as the data flow; the stages do the work.
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { measureFloors } from './calibration/floors.ts'
import type { Context } from './cli/command.ts'
import { CleanupStack } from './core/cleanup.ts'
import { messageOf } from './core/errors.ts'
import { checkOpenFiles } from './core/open-files.ts'
import { type AnalysedRun, buildDocument } from './document.ts'
import { loadThreadAbilities } from './event-loop/create-event-loop.ts'
import type { LoadThreadAbilities } from './event-loop/types.ts'
import { suspectsOf } from './gate/confirm.ts'
import { type LoadThreads, startLoadThreads } from './load/load-threads.ts'
import { pollsOn } from './load/polling.ts'
import type { LoadJob } from './load/types.ts'
import { type CpuTicks, readCpuTicks, readHostFacts, stealFraction } from './measurement/host.ts'
import { type RunHeader, writeHeader } from './measurement/run-header.ts'
import { createRunStore, openRun, type RunStore } from './measurement/run-store.ts'
import { storedScenario } from './measurement/stored-scenario.ts'
import type { CacheAudit, ClientFloor, FirstAnswer, ParityResult } from './measurement/types.ts'
import { cellsOf, expand } from './plan/expand.ts'
import { confirmTrials } from './plan/further.ts'
import type { Plan, Trial } from './plan/types.ts'
import type { Progress } from './progress.ts'
import { linkLatest, newRunDir, placeOf } from './project.ts'
import { writeReport } from './report/write-report.ts'
import { measureUntilPrecise } from './rounds.ts'
import { chooseRuntime } from './runtime/choose-runtime.ts'
import type { RuntimeName } from './runtime/types.ts'
import { loadScenario, type Overrides } from './scenario/load-scenario.ts'
import { type Servers, serversOf, startServers } from './servers.ts'
import { openTrials } from './trials.ts'
import { VERSION } from './version.ts'

export interface RunRequest {
  readonly path: string
  readonly overrides: Overrides
  readonly runtime: RuntimeName | 'auto'
  /** null for a new folder under reports/runs. */
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

/** Measures a scenario and writes its report. @throws BenchError, BenchErrors as `measureScenario` */
export async function runScenario(request: RunRequest, world: World): Promise<RunOutcome> {
  const outcome = await measureScenario(request, world)
  world.progress.step('writing the report')
  await writeReport(outcome.analysed, outcome.dir)
  if (request.outDir === null) linkLatest(outcome.dir)
  return outcome
}

/**
 * Measures a scenario. Interrupted, it keeps what it has; nothing that it started is left running.
 * @throws BenchError, BenchErrors for what the user can mend, before anything is measured
 */
export async function measureScenario(request: RunRequest, world: World): Promise<RunOutcome> {
  const plan = expand(await loadScenario(request.path, request.overrides))
  checkOpenFiles(mostConnections(plan))
  const store = createRunStore(request.outDir ?? newRunDir(world.context, plan.scenario.name))
  const header = await measurePlan(plan, { store, wanted: request.runtime }, world)
  world.progress.step('analysing')
  writeHeader(store.dir, header)
  await store.finish()
  return { dir: store.dir, analysed: await buildDocument(header, await openRun(store.dir)) }
}

/** Sessions are opened one after the other; each thread of a shared one opens its own part. */
function mostConnections({ scenario }: Plan): number {
  return Math.max(...scenario.matrix.loads.map(({ connections }) => connections))
}

/** Starts the servers, checks their agreement, measures every trial, stops the servers whatever happened. */
async function measurePlan(
  plan: Plan,
  { store, wanted }: { readonly store: RunStore; readonly wanted: RunRequest['runtime'] },
  world: World,
): Promise<RunHeader> {
  const { context, progress } = world
  const start = { id: basename(store.dir), startedAt: new Date().toISOString(), ticks: readCpuTicks() }
  // First, since it refuses a loop that this machine does not have.
  const loadThreads = loadThreadAbilities()
  const cleanup = new CleanupStack()
  try {
    // First: they start while the servers do.
    const threads = startLoadThreads(plan.scenario.workers)
    cleanup.push('load threads', () => threads.close())
    const runtime = await chooseRuntime({ ...placeOf(context), wanted, servers: serversOf(plan) })
    const setting = { plan, runtime, logDir: join(store.dir, 'logs'), signal: context.signal, progress }
    const servers = await startServers(setting, cleanup)
    const trials = await openTrials({ plan, servers, threads, signal: context.signal, progress })
    const { parity, firstAnswers, cacheAudits } = trials
    const floors = await floorsOf(plan, threads, world)
    const found = { loadThreads, servers, parity, firstAnswers, cacheAudits, floors }
    // Stored before the first trial, so that a run that is killed can still be reported.
    writeHeader(store.dir, headerOf(plan, start, { ...found, interrupted: true, finished: false }))
    const measure = async (list: readonly Trial[]) => {
      for await (const account of trials.measure(list, (records) => store.record(records))) store.append(account)
    }
    const header = () => headerOf(plan, start, { ...found, interrupted: context.signal.aborted, finished: true })
    await measure(plan.trials)
    await measureUntilPrecise({ plan, signal: context.signal, progress, open: () => openRun(store.dir), measure })
    if (plan.scenario.gate?.confirm && !context.signal.aborted) {
      const again = await trialsToConfirm(plan, header(), store)
      if (again.length > 0) progress.step(`measuring once more what would fail the gate: ${again.length} trials`)
      await measure(again)
    }
    return header()
  } finally {
    const hasOwn = Object.values(serversOf(plan)).some(({ kind }) => kind !== 'external')
    if (hasOwn && !cleanup.isEmpty) progress.step('stopping the servers')
    for (const failure of await cleanup.run()) progress.note(`clean-up failed: ${failure}`)
  }
}

async function trialsToConfirm(plan: Plan, header: RunHeader, store: RunStore): Promise<Trial[]> {
  const stored = await openRun(store.dir)
  const { run } = await buildDocument(header, stored)
  const suspects = run.gate === undefined ? [] : suspectsOf(run.gate)
  const measured = stored.accounts.map(({ trial }) => trial)
  return confirmTrials(plan, suspects, { measured, baseline: plan.scenario.compare?.baseline ?? null })
}

/** Before the trials: it also runs the load path until it is compiled, so that no trial measures that. */
async function floorsOf(
  plan: Plan,
  threads: LoadThreads,
  { context: { signal }, progress }: World,
): Promise<(ClientFloor | null)[]> {
  const { model } = plan.scenario
  progress.step('measuring what the load generator itself costs')
  try {
    const open = (job: LoadJob) => threads.open(job, signal)
    return await measureFloors({
      cells: cellsOf(plan),
      targets: plan.targets,
      model,
      seed: plan.seed,
      polls: pollsOn(plan.scenario, availableParallelism()),
      serverCpu: null,
      open,
      signal,
    })
  } catch (error) {
    progress.note(`what the load generator itself costs could not be measured: ${messageOf(error)}`)
    return []
  }
}

function headerOf(
  plan: Plan,
  start: { readonly id: string; readonly startedAt: string; readonly ticks: CpuTicks | null },
  state: {
    readonly loadThreads: LoadThreadAbilities
    readonly servers: Servers
    readonly parity: readonly ParityResult[]
    readonly firstAnswers: readonly FirstAnswer[]
    readonly cacheAudits: readonly CacheAudit[]
    readonly floors: readonly (ClientFloor | null)[]
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
    scenario: storedScenario(plan.scenario),
    scenarioPath: plan.scenarioPath,
    scenarioSha256: plan.scenarioSha256,
    seed: plan.seed,
    cells: cellsOf(plan),
    floors: state.floors,
    parity: state.parity,
    readyMs: Object.fromEntries(
      [...state.servers].flatMap(([name, { readyMs }]) => (readyMs === null ? [] : [[name, readyMs]])),
    ),
    firstAnswers: state.firstAnswers,
    cacheAudits: state.cacheAudits,
    environment: {
      ...readHostFacts(),
      dyno: VERSION,
      loadThreads: state.loadThreads,
      stealFraction: stealFraction(start.ticks, readCpuTicks()),
      servers: Object.fromEntries([...state.servers].map(([name, server]) => [name, server.identity])),
    },
  }
}
