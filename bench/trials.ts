// The measured part of a run: agreement first, then every trial in the plan's order, over one set of load threads.
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { auditCaches } from './load/cache-audit.ts'
import type { LoadThreads } from './load/load-threads.ts'
import { checkParity, type ParityOutcome } from './load/parity.ts'
import { pollsOn } from './load/polling.ts'
import type { RequestColumns } from './load/request-columns.ts'
import type { LoadJob } from './load/types.ts'
import { measureTrial, withoutData } from './measurement/measure-trial.ts'
import type { CacheAudit, FirstAnswer, ParityResult, TrialAccount } from './measurement/types.ts'
import type { Plan, Trial } from './plan/types.ts'
import type { Progress } from './progress.ts'
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
  progress.step('checking that all targets answer alike')
  const parity = await checkParity({
    reference: scenario.compare?.baseline ?? plan.targets[0]?.name ?? '',
    targets: plan.targets.map((target) => target.name),
    batchSizes: scenario.matrix.batchSizes,
    tolerance: scenario.verify.tolerance,
    open: (target, batchSize) => threads.open(probeJob(setting, target, batchSize), signal),
  })
  for (const { ok, target, reason } of parity.results) if (!ok) progress.note(`${target} disagrees: ${reason}`)
  progress.step('checking whether any answers from a cache')
  const cacheAudits = await auditCaches({
    targets: plan.targets.map(({ name }) => name).filter((name) => agrees(parity, name)),
    batchSize: Math.max(...scenario.matrix.batchSizes),
    // New at every run: a server that stands may have seen those of an earlier one.
    open: (target, batchSize) =>
      threads.open({ ...probeJob(setting, target, batchSize), seed: randomInt(MAX_RANDOM) }, signal),
  })
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

const MAX_RANDOM = 2 ** 48 - 1

const agrees = ({ results }: ParityOutcome, name: string) => results.every(({ target, ok }) => target !== name || ok)

function measureOne(
  setting: TrialsSetting,
  trial: Trial,
  parity: ParityOutcome,
  onRecords: (records: RequestColumns) => void,
): TrialAccount | Promise<TrialAccount> {
  const { target, server } = placeOf(setting, trial.target)
  const disagreement = parity.results.find(
    (result) => !result.ok && result.target === trial.target && result.batchSize === trial.batchSize,
  )
  // A server that died while it was compared disagreed for no other reason.
  if (disagreement !== undefined && server.death() === null) {
    const message = disagreement.reason ?? 'its answers differ from the reference'
    return withoutData({ trial, engine: target.engine }, { code: 'outputs-disagree', message })
  }
  const expected = parity.expected.get(trial.batchSize) ?? null
  return measureTrial({
    trial,
    engine: target.engine,
    server,
    statisticsOf: target.api === 'kserve' ? setting.plan.scenario.model.name : null,
    serverPids: [...setting.servers.values()].map(({ identity }) => identity.pid),
    open: () => setting.threads.open({ ...jobOf(setting, target, server, trial), expected }, setting.signal),
    signal: setting.signal,
    listener: { onProgress: (numbers) => setting.progress.update(numbers), onRecords },
  })
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
  return { trial, target, model, address, tls, seed: plan.seed, verify, polls, share: { index: 0, of: 1 } }
}

/** A trial that only probes: one lane, no load. */
function probeJob(setting: TrialsSetting, name: string, batchSize: number): LoadJob {
  const { target, server } = placeOf(setting, name)
  const { timeoutMs } = setting.plan.scenario.measure
  const trial: Trial = {
    id: `${name}/b${batchSize}/probe`,
    target: name,
    batchSize,
    load: { model: 'closed', concurrency: 1, connections: 1 },
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
