// The measured part of a run: agreement first, then every trial in the plan's order, over one load worker.
import type { CleanupStack } from './core/cleanup.ts'
import { checkParity, type ParityOutcome } from './load/parity.ts'
import type { LoadJob } from './load/types.ts'
import { startLoadWorker } from './load/worker-session.ts'
import { measureTrial, withoutData } from './measurement/measure-trial.ts'
import type { Measurement, ParityResult } from './measurement/types.ts'
import type { Plan, Trial } from './plan/types.ts'
import type { Progress } from './progress.ts'
import type { RunningServer } from './runtime/types.ts'
import type { TargetSpec } from './scenario/types.ts'
import type { Servers } from './servers.ts'

export interface TrialsSetting {
  readonly plan: Plan
  readonly servers: Servers
  readonly signal: AbortSignal
  readonly progress: Progress
}

export interface Trials {
  readonly parity: readonly ParityResult[]
  /** One measurement per trial, in order; ends early when the signal aborts. */
  measure(): AsyncGenerator<Measurement>
}

/** Starts the load worker and checks that every target answers the same inputs alike at every batch size. */
export async function openTrials(setting: TrialsSetting, cleanup: CleanupStack): Promise<Trials> {
  const { plan, signal, progress } = setting
  const worker = await startLoadWorker()
  cleanup.push('load worker', () => worker.close())
  const { scenario } = plan
  progress.step('checking that all targets answer alike')
  const parity = await checkParity({
    reference: scenario.compare?.baseline ?? plan.targets[0]?.name ?? '',
    targets: plan.targets.map((target) => target.name),
    batchSizes: scenario.matrix.batchSizes,
    tolerance: scenario.verify.tolerance,
    open: (target, batchSize) => worker.open(probeJob(setting, target, batchSize), signal),
  })
  for (const { ok, target, reason } of parity.results) if (!ok) progress.note(`${target} disagrees: ${reason}`)
  return {
    parity: parity.results,
    async *measure() {
      let leftMs = plan.expectedMs
      for (const [index, trial] of plan.trials.entries()) {
        if (signal.aborted) return
        progress.trial({ trial, index, total: plan.trials.length, leftMs })
        yield await measureOne(setting, trial, parity, (job) => worker.open(job, signal))
        leftMs -= trial.warmupMs + trial.durationMs
      }
    },
  }
}

function measureOne(
  setting: TrialsSetting,
  trial: Trial,
  parity: ParityOutcome,
  open: (job: LoadJob) => ReturnType<Awaited<ReturnType<typeof startLoadWorker>>['open']>,
): Measurement | Promise<Measurement> {
  const { target, server } = placeOf(setting, trial.target)
  const disagreement = parity.results.find(
    (result) => !result.ok && result.target === trial.target && result.batchSize === trial.batchSize,
  )
  if (disagreement !== undefined) {
    const message = disagreement.reason ?? 'its answers differ from the reference'
    return withoutData({ trial, engine: target.engine }, { code: 'outputs-disagree', message })
  }
  const expected = parity.expected.get(trial.batchSize) ?? null
  return measureTrial({
    trial,
    engine: target.engine,
    server,
    statisticsOf: target.api === 'kserve' ? setting.plan.scenario.model.name : null,
    open: () => open({ ...jobOf(setting, target, server, trial), expected }),
    signal: setting.signal,
    onProgress: (numbers) => setting.progress.update(numbers),
  })
}

function jobOf(
  { plan }: TrialsSetting,
  target: TargetSpec,
  server: RunningServer,
  trial: Trial,
): Omit<LoadJob, 'expected'> {
  const address = target.protocol === 'grpc' ? (server.grpcAddress ?? '') : server.url
  const { model, verify } = plan.scenario
  return { trial, target, model, address, seed: plan.seed, verify }
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
