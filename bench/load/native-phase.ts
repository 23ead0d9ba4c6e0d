// One phase of the native engine: begins when it is told to, drives the trial's load model, and gives the account of it.
import { epochOfClockNs, nowNs } from '../core/clock.ts'
import { seededRandom } from '../core/random.ts'
import type { EventLoop } from '../event-loop/types.ts'
import { arrivals, type OpenLoad, phaseAfter, shareOfArrivals } from './arrivals.ts'
import { meterClient } from './client-meter.ts'
import { runClosedLoop } from './closed-loop.ts'
import { runOpenLoop } from './open-loop.ts'
import { PhaseRun, type PhaseSetting } from './phase-run.ts'
import type { Transport } from './transport.ts'
import type { LoadJob, Phase, PhaseProgress, PhaseResult } from './types.ts'

const PROGRESS_EVERY_MS = 250

/** Waits for the instant at which the phase is to begin, if one was named. */
export async function startPhase(phase: Phase, setting: PhaseSetting): Promise<PhaseRun> {
  if (phase.startsAtNs === null) return new PhaseRun(setting, nowNs())
  const startNs = phase.startsAtNs - epochOfClockNs()
  // The wait is a few milliseconds, and a timer would be late by one of them.
  while (nowNs() < startNs) await new Promise(setImmediate)
  return new PhaseRun(setting, startNs)
}

export interface PhaseContext {
  readonly job: LoadJob
  readonly phase: Phase
  readonly transport: Transport
  readonly loop: EventLoop
  readonly signal: AbortSignal
  readonly onProgress: (progress: PhaseProgress) => void
  /** How many addresses the connections are spread over. */
  readonly addresses: number
  /** Of the phase within the session: each has arrivals of its own. */
  readonly number: number
}

export async function runPhase(run: PhaseRun, context: PhaseContext): Promise<Omit<PhaseResult, 'verification'>> {
  const { phase, signal } = context
  const startedAtMs = Date.now()
  const { load } = context.job.trial
  const stopMeter = meterClient(context.job.polls || load.model === 'open', context.loop)
  const stopPolling = context.job.polls ? context.loop.poll(() => run.recorder.length) : () => {}
  const stopGoingFirst = load.model === 'open' ? context.loop.goFirst(largestRateOf(load) / context.job.share.of) : null
  const stopTimeouts = run.watchTimeouts()
  const progress = setInterval(() => context.onProgress(run.progress()), PROGRESS_EVERY_MS)
  const counts = await Promise.race([drive(run, context), whenAborted(signal)]).finally(() => stopGoingFirst?.())
  clearInterval(progress)
  stopTimeouts()
  stopPolling()
  const ranNs = run.elapsedNs()
  const answered = run.recorder.length
  const client = stopMeter(run.recorder)
  return {
    startedAtMs,
    windowNs: signal.aborted ? Math.min(ranNs, phase.durationMs * 1e6) : phase.durationMs * 1e6,
    answered,
    ...counts,
    censored: run.end(),
    streamWaits: run.streamWaits,
    connects: run.connects.result(),
    errors: run.failures.counts,
    errorExamples: run.failures.examples,
    client,
  }
}

/** Drives one phase by the trial's load model. */
async function drive(run: PhaseRun, { job, phase, transport, loop, addresses, number }: PhaseContext) {
  const { load, id, repetition } = job.trial
  if (load.model === 'closed') {
    await runClosedLoop({ run, loop, lanes: transport.lanes, durationMs: phase.durationMs })
    return { dropped: 0, delayed: 0 }
  }
  const windowNs = phase.durationMs * 1e6
  const asked = phase.name === 'warmup' ? firstRateOf(load) : load
  const random = seededRandom(job.seed, `arrivals of ${id}, phase ${number}`)
  const next = arrivals(asked, windowNs, random, phaseAfter(firstPhaseOf(job, phase), repetition - 1, asked, windowNs))
  const nextDueNs = shareOfArrivals(next, job.share.index, job.share.of)
  const { lanes } = transport
  return runOpenLoop({ run, loop, lanes, addresses, durationMs: phase.durationMs, nextDueNs })
}

/** One for all repetitions of a cell and for all threads that share one. */
function firstPhaseOf({ seed, trial }: LoadJob, { name }: Phase): number {
  const { target, batchSize, load } = trial
  const rates = load.model === 'open' ? [load.requestRate, load.profile] : []
  return seededRandom(seed, `phase of ${name} ${JSON.stringify([target, batchSize, ...rates])}`).uniform()
}

/** A profile is warmed up at the rate that it begins with. */
function firstRateOf(load: OpenLoad): OpenLoad {
  if (load.profile === null) return load
  return { ...load, profile: null, requestRate: load.profile.requestRates[0] ?? load.requestRate }
}

function largestRateOf({ requestRate, profile }: OpenLoad): number {
  return profile === null ? requestRate : Math.max(...profile.requestRates)
}

function whenAborted(signal: AbortSignal): Promise<{ dropped: number; delayed: number }> {
  return new Promise((resolve) => {
    const nothing = () => resolve({ dropped: 0, delayed: 0 })
    if (signal.aborted) nothing()
    else signal.addEventListener('abort', nothing, { once: true })
  })
}
