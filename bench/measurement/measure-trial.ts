// One trial: warm up, read the server's counters, load, read them again, and hold the two accounts against each other.
import { sleep } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import { formatMs } from '../core/units.ts'
import type { LoadSession, PhaseListener, PhaseResult } from '../load/types.ts'
import type { Trial } from '../plan/types.ts'
import type { RunningServer } from '../runtime/types.ts'
import { watchHost } from './host-load.ts'
import { ReplicaWatch } from './replica-watch.ts'
import { NO_RESOURCES, sampleResources } from './resource-sampler.ts'
import { readServerCounters, type ServerCounters, statisticsBetween } from './server-statistics.ts'
import type { ServerStatistics, TrialAccount, TrialFault } from './types.ts'
import { watchWarmup } from './warmup-series.ts'

export interface TrialSetting {
  readonly trial: Trial
  readonly engine: string
  readonly server: RunningServer
  /** Name of the model whose statistics the server keeps; `null` for servers that keep none (Flask). */
  readonly statisticsOf: string | null
  readonly open: () => Promise<LoadSession>
  /** Processes of all servers of the run; `null` for one whose processes are not known. */
  readonly serverPids: readonly (number | null)[]
  readonly signal: AbortSignal
  /** Gets the records of the measurement window, and the progress of both phases. */
  readonly listener: PhaseListener
}

/**
 * Never throws: whatever spoils the trial is a fault in its measurement.
 *
 * The warm-up is a phase of its own that ends with nothing in flight, so that the server's counters can be read at
 * rest and then equal the client's exactly.
 */
export async function measureTrial(setting: TrialSetting): Promise<TrialAccount> {
  // Somebody else's server may have come back.
  if (setting.server.death() !== null) await setting.server.look?.()
  const death = setting.server.death()
  if (death !== null) return withoutData(setting, { code: 'server-died', message: death.reason })
  let session: LoadSession | null = null
  try {
    session = await setting.open()
    return await measureWindow(setting, session)
  } catch (error) {
    return withoutData(setting, { code: 'not-run', message: messageOf(error) })
  } finally {
    await session?.close()
  }
}

async function measureWindow(setting: TrialSetting, session: LoadSession): Promise<TrialAccount> {
  const { trial, server, listener } = setting
  const { statisticsOf } = setting
  const replicas = new ReplicaWatch()
  const counters = async () =>
    statisticsOf === null ? null : replicas.seen(await readServerCounters(server.url, statisticsOf, server.tls))
  // Twice: at rest one server says the same again, and another replica does not.
  if (server.look !== undefined) await counters()
  const atRest = await counters()
  let before = atRest
  const watch = watchWarmup(trial.warmupMs)
  if (trial.warmupMs > 0) {
    const warmup = await session.run(
      { name: 'warmup', durationMs: trial.warmupMs, startsAtNs: null },
      { ...listener, onRecords: (records) => watch.add(records) },
    )
    if (atRest !== null) before = await settledCounters(counters, atRest.success + answeredOk(warmup))
  }
  const pausedBeforeMs = server.pausedMs()
  const hostLoad = watchHost(setting.serverPids)
  const stopSampling = await sampleResources(() => server.resources())
  const result = await session.run({ name: 'measure', durationMs: trial.durationMs, startsAtNs: null }, listener)
  const resources = await stopSampling()
  const host = hostLoad()
  const after = before === null ? null : await settledCounters(counters, before.success + answeredOk(result))
  const counted = before === null || after === null ? null : statisticsBetween(before, after)
  const isPart = server.look !== undefined && replicas.arePart(counted, answeredOk(result))
  if (isPart) server.note?.('its statistics are those of one of several replicas, and left out')
  const statistics = isPart ? null : counted
  if (hasLostConnections(result)) await server.look?.()
  return {
    ...head(setting),
    ...result,
    warmup: trial.warmupMs > 0 ? watch.series() : null,
    server: statistics,
    resources,
    host,
    faults: [...pauseFaults(setting, server.pausedMs() - pausedBeforeMs), ...faultsOf(setting, result, statistics)],
  }
}

/** A server counts a request a moment after it has answered it. */
const SETTLE_TRIES = 10
const SETTLE_MS = 20

/** Reads the counters until they hold the requests that the client knows to be answered. */
async function settledCounters(
  counters: () => Promise<ServerCounters | null>,
  success: number,
): Promise<ServerCounters | null> {
  for (let attempt = 1; ; attempt++) {
    const reading = await counters()
    if (reading === null || reading.success >= success || attempt === SETTLE_TRIES) return reading
    await sleep(SETTLE_MS)
  }
}

/** Requests that the server thinks it has answered well, whether or not we like the answer. */
function answeredOk(result: PhaseResult): number {
  const failed = Object.values(result.errors).reduce((sum, count) => sum + count, 0)
  return result.answered - failed + (result.errors['bad-response'] ?? 0)
}

/** Then somebody else's server may be gone. */
function hasLostConnections({ errors }: PhaseResult): boolean {
  return ['connect', 'aborted', 'timeout'].some((kind) => (errors[kind] ?? 0) > 0)
}

function pauseFaults({ server }: TrialSetting, pausedMs: number): TrialFault[] {
  if (pausedMs <= 0) return []
  return [
    { code: 'server-paused', message: `${server.name} was paused for ${formatMs(pausedMs)} while it was measured` },
  ]
}

function faultsOf(setting: TrialSetting, result: PhaseResult, statistics: ServerStatistics | null): TrialFault[] {
  const faults: TrialFault[] = []
  if (setting.signal.aborted) faults.push({ code: 'interrupted', message: 'the run was interrupted in this trial' })
  const death = setting.server.death()
  if (death !== null) faults.push({ code: 'server-died', message: death.reason })
  if (result.verification.disagreed > 0) {
    const { disagreed, checked, maxAbsDifference } = result.verification
    faults.push({
      code: 'outputs-disagree',
      message: `${disagreed} of ${checked} checked answers differ from the reference, by up to ${maxAbsDifference}`,
    })
  }
  const unanswered = ['timeout', 'aborted', 'connect', 'bad-response'].some((kind) => (result.errors[kind] ?? 0) > 0)
  // Whether the server counted a request that was given up cannot be known, so only clean windows are held against it.
  if (statistics !== null && !unanswered && result.censored === 0 && statistics.requests !== answeredOk(result)) {
    faults.push({
      code: 'count-mismatch',
      message: `the server counted ${statistics.requests} requests, the client ${answeredOk(result)}`,
    })
  }
  return faults
}

/** The account of a trial that could not be run: no requests, and the reason. */
export function withoutData(setting: Pick<TrialSetting, 'trial' | 'engine'>, fault: TrialFault): TrialAccount {
  return {
    ...head(setting),
    startedAtMs: Date.now(),
    windowNs: 0,
    warmup: null,
    answered: 0,
    dropped: 0,
    delayed: 0,
    censored: 0,
    streamWaits: 0,
    connects: { made: 0, p50Ms: null, p99Ms: null, tookMs: [] },
    errors: {},
    errorExamples: [],
    verification: { checked: 0, disagreed: 0, maxAbsDifference: 0 },
    client: {
      threads: 1,
      polled: false,
      cpuMs: 0,
      cpuFraction: 0,
      eventLoopDelayP99Ms: 0,
      bytesSent: 0,
      bytesReceived: 0,
    },
    server: null,
    resources: NO_RESOURCES,
    host: null,
    faults: [fault],
  }
}

function head(setting: Pick<TrialSetting, 'trial' | 'engine'>) {
  return { schemaVersion: 1 as const, trial: setting.trial, engine: setting.engine }
}
