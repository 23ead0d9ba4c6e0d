// The measured part of a run: agreement first, then every trial in the plan's order, over one set of load threads.
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { BenchError } from './core/errors.ts'
import { auditCaches, FEWEST_PER_SET } from './load/cache-audit.ts'
import type { LoadThreads } from './load/load-threads.ts'
import { checkParity, type ParityOutcome } from './load/parity.ts'
import { pollsOn } from './load/polling.ts'
import type { RequestColumns } from './load/request-columns.ts'
import type { LoadJob } from './load/types.ts'
import { measureTrial, withoutData } from './measurement/measure-trial.ts'
import type { CacheAudit, FirstAnswer, ParityResult, TrialAccount, TrialFault } from './measurement/types.ts'
import { checkBudgetMs } from './plan/check-budget.ts'
import type { Plan, Trial } from './plan/types.ts'
import type { Progress } from './progress.ts'
import { variantsOf } from './protocol/variants.ts'
import type { RunningServer } from './runtime/types.ts'
import type { TargetSpec } from './scenario/types.ts'
import type { Servers } from './servers.ts'

export interface TrialsSetting {
  readonly plan: Plan
  readonly servers: Servers
  readonly threads: LoadThreads
  readonly signal: AbortSignal
  readonly progress: Progress
}

export interface Trials {
  readonly parity: readonly ParityResult[]
  readonly firstAnswers: readonly FirstAnswer[]
  readonly cacheAudits: readonly CacheAudit[]
  /**
   * One account per trial, in order; ends early when the signal aborts.
   * @param onRecords gets the records of each trial before its account comes
   */
  measure(trials: readonly Trial[], onRecords: (records: RequestColumns) => void): AsyncGenerator<TrialAccount>
}

/** Checks that every target answers the same inputs alike at every batch size. */
export async function openTrials(setting: TrialsSetting): Promise<Trials> {
  const { plan, threads, signal, progress } = setting
  const { scenario } = plan
  const tell = stepNowAndThen(progress)
  const parity = await checkParity({
    reference: scenario.compare?.baseline ?? plan.targets[0]?.name ?? '',
    targets: plan.targets.map((target) => target.name),
    batchSizes: scenario.matrix.batchSizes,
    model: scenario.model,
    verify: scenario.verify,
    budgetMs: (target, batchSize) => checkBudgetMs(plan, target, batchSize),
    inFlight: probesInFlight(plan),
    open: (target, batchSize) => threads.open(probeJob(setting, target, batchSize), signal),
    onTarget: (target, batchSize) => tell(`checking that all targets answer alike: ${target}, batch size ${batchSize}`),
  })
  for (const { ok, target, code, reason } of parity.results) if (!ok) progress.note(`${target}: ${code}: ${reason}`)
  if (!signal.aborted) refuseWithoutAnswers(parity)
  progress.step('checking whether any answers from a cache')
  const answering = plan.targets.map(({ name }) => name).filter((name) => agrees(parity, name))
  const largest = Math.max(...scenario.matrix.batchSizes)
  // Requests so large that a cell has few of them say nothing of caches.
  const audited = variantsOf(plan.targets, scenario.model, largest) < FEWEST_PER_SET ? [] : answering
  const cacheAudits = await auditCaches({
    targets: audited,
    batchSize: largest,
    budgetMs: (target) => checkBudgetMs(plan, target, largest),
    // New at every run: a server that stands may have seen those of an earlier one.
    open: (target, batchSize) =>
      threads.open({ ...probeJob(setting, target, batchSize), seed: randomInt(MAX_RANDOM) }, signal),
  })
  const unaudited = answering.filter((name) => !cacheAudits.some(({ target }) => target === name))
  if (unaudited.length > 0) {
    progress.note(
      `${unaudited.join(', ')}: requests are too large, or answers too slow, to tell whether a cache answers`,
    )
  }
  for (const { suspected, target } of cacheAudits) {
    if (suspected) progress.note(`${target} answers inputs that it has seen faster than new ones: a cache?`)
  }
  return {
    parity: parity.results,
    firstAnswers: parity.firstAnswers,
    cacheAudits,
    async *measure(trials, onRecords) {
      let leftMs = trials.reduce((sum, { warmupMs, durationMs }) => sum + warmupMs + durationMs, 0)
      for (const [index, trial] of trials.entries()) {
        if (signal.aborted) return
        progress.trial({ trial, index, total: trials.length, leftMs })
        yield await measureOne(setting, trial, parity, onRecords)
        leftMs -= trial.warmupMs + trial.durationMs
      }
    },
  }
}

/** The same connections as the load has, up to a few. */
const MOST_PROBES_IN_FLIGHT = 16

function probesInFlight({ scenario }: Plan): number {
  const most = scenario.matrix.loads.map((load) => (load.model === 'closed' ? load.concurrency : load.connections))
  return Math.min(MOST_PROBES_IN_FLIGHT, Math.max(...most))
}

/** More often would fill a log with lines about targets that answer in milliseconds. */
const STEP_EVERY_MS = 1000

function stepNowAndThen(progress: Progress): (text: string) => void {
  let lastMs = Number.NEGATIVE_INFINITY
  return (text) => {
    if (performance.now() - lastMs < STEP_EVERY_MS) return
    lastMs = performance.now()
    progress.step(text)
  }
}

/** @throws BenchError `no-good-answer` where no target gives one: there is nothing to measure */
function refuseWithoutAnswers({ results }: ParityOutcome): void {
  const isBad = ({ code }: ParityResult) => code === 'refused' || code === 'bad-answer'
  if (results.length === 0 || !results.every(isBad)) return
  const [first] = results
  throw new BenchError({
    kind: 'environment',
    code: first?.code ?? 'refused',
    message: results.length === 1 ? `${first?.reason}` : `no target gives a good answer: ${first?.reason}`,
    hint: 'ask it by hand (curl, grpcurl) as the scenario does, and correct the scenario or the server',
    evidence: results.slice(1, 6).flatMap(({ reason }) => reason ?? []),
  })
}

const MAX_RANDOM = 2 ** 48 - 1

const agrees = ({ results }: ParityOutcome, name: string) => results.every(({ target, ok }) => target !== name || ok)

async function measureOne(
  setting: TrialsSetting,
  trial: Trial,
  parity: ParityOutcome,
  onRecords: (records: RequestColumns) => void,
): Promise<TrialAccount> {
  const { target, server } = placeOf(setting, trial.target)
  const found = parity.results.find(
    (result) => result.code !== null && result.target === trial.target && result.batchSize === trial.batchSize,
  )
  // A server that died while it was compared disagreed for no other reason.
  const fault = found === undefined || server.death() !== null ? null : faultOf(found)
  if (fault !== null && !isWorthMeasuring(fault, trial)) return withoutData({ trial, engine: target.engine }, fault)
  // What differs from itself has no values to be held against.
  const expected = fault?.code === 'not-deterministic' ? null : (parity.expected.get(trial.batchSize) ?? null)
  const account = await measureTrial({
    trial,
    engine: target.engine,
    server,
    statisticsOf: target.api === 'kserve' ? setting.plan.scenario.model.name : null,
    serverPids: [...setting.servers.values()].map(({ identity }) => identity.pid),
    open: () => setting.threads.open({ ...jobOf(setting, target, server, trial), expected }, setting.signal),
    signal: setting.signal,
    listener: { onProgress: (numbers) => setting.progress.update(numbers), onRecords },
  })
  return fault === null ? account : { ...account, faults: [fault, ...account.faults] }
}

function faultOf({ code, reason }: ParityResult): TrialFault {
  return { code: code ?? 'outputs-disagree', message: reason ?? 'its answers differ from the reference' }
}

/** What refuses its first requests is asked once under load, so that its failed requests are counted; then it is known. */
function isWorthMeasuring({ code }: TrialFault, { repetition }: Trial): boolean {
  if (code === 'refused' || code === 'bad-answer') return repetition === 1
  return code === 'not-deterministic'
}

function jobOf(
  { plan }: TrialsSetting,
  target: TargetSpec,
  server: RunningServer,
  trial: Trial,
): Omit<LoadJob, 'expected'> {
  const address = target.protocol === 'grpc' ? (server.grpcAddress ?? '') : server.url
  const tls = address.startsWith('https://') ? server.tls : null
  const { model, verify } = plan.scenario
  const polls = pollsOn(plan.scenario, availableParallelism())
  const variants = variantsOf(plan.targets, model, trial.batchSize)
  return { trial, target, model, address, tls, seed: plan.seed, variants, verify, polls, share: { index: 0, of: 1 } }
}

/** A trial that only probes: as many connections as the load has, no load. */
function probeJob(setting: TrialsSetting, name: string, batchSize: number): LoadJob {
  const { target, server } = placeOf(setting, name)
  const { timeoutMs } = setting.plan.scenario.measure
  const lanes = probesInFlight(setting.plan)
  const trial: Trial = {
    id: `${name}/b${batchSize}/probe`,
    target: name,
    batchSize,
    load: { model: 'closed', concurrency: lanes, connections: lanes },
    warmupMs: 0,
    durationMs: 0,
    timeoutMs,
    repetition: 0,
  }
  return { ...jobOf(setting, { ...target, engine: 'native' }, server, trial), expected: null }
}

function placeOf({ plan, servers }: TrialsSetting, name: string): { target: TargetSpec; server: RunningServer } {
  const target = plan.targets.find((candidate) => candidate.name === name)
  const server = target === undefined ? undefined : servers.get(target.server)
  if (target === undefined || server === undefined) throw new Error(`no server was started for the target '${name}'`)
  return { target, server }
}
