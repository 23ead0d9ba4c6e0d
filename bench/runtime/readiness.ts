// Waits until a started server answers and has its model, ends at once when it dies, and says why it did not come up.
import { nowNs, sleep } from '../core/clock.ts'
import { BenchError } from '../core/errors.ts'
import { formatMs } from '../core/units.ts'
import type { StartRequest } from './types.ts'

/** What a look at a server found. */
export type Readiness =
  | { readonly state: 'ready' }
  /** Not yet: `why` is shown when the time is over. */
  | { readonly state: 'waiting'; readonly why: string }
  /** It runs, and will never serve the model. */
  | { readonly state: 'failed'; readonly why: string }

export interface WaitedServer {
  readonly name: string
  death(): { readonly reason: string; readonly logTail: readonly string[] } | null
  /** Settles when it is dead. */
  readonly ended: Promise<unknown>
  logTail(lines: number): readonly string[]
}

export interface Wait {
  readonly server: WaitedServer
  readonly model: string
  readonly timeoutMs: number
  readonly look: () => Promise<Readiness>
  /** Why the model could not be loaded, from the log of a server that exited because of it; `null` where it was not. */
  readonly loadFailure: (log: readonly string[]) => string | null
}

const NO_ANSWER: Readiness = { state: 'waiting', why: 'it does not answer' }
const POLL_MS = 50
const FIRST_STEP_MS = 1000
const STEP_EVERY_MS = 3000
const EVIDENCE_LINES = 20
/** Enough of a log to hold a stack trace and what a server prints after it. */
const REASON_LINES = 300

/**
 * To be called as soon as the server has been started.
 * @returns how long it took, ms
 * @throws BenchError `server-died`, `server-not-ready`, `model-not-loaded`, with the last lines of the log; the signal's reason
 */
export async function waitUntilReady(
  wait: Wait,
  { signal, events }: Pick<StartRequest, 'signal' | 'events'>,
): Promise<number> {
  const startedMs = nowNs() / 1e6
  let tellAtMs = FIRST_STEP_MS
  // A look may hang for as long as its own time limit: the end of the server or of the run is noticed at once.
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  const cutShort = Promise.race([wait.server.ended, aborted]).then(() => NO_ANSWER)
  for (;;) {
    signal.throwIfAborted()
    const death = wait.server.death()
    if (death !== null) throw diedError(wait, death.reason)
    const found = await Promise.race([wait.look().catch(() => NO_ANSWER), cutShort])
    if (found.state === 'ready') return nowNs() / 1e6 - startedMs
    if (found.state === 'failed') throw notLoadedError(wait, found.why)
    const waitedMs = nowNs() / 1e6 - startedMs
    if (waitedMs > wait.timeoutMs) throw notReadyError(wait, found.why)
    if (waitedMs >= tellAtMs) {
      tellAtMs = waitedMs + STEP_EVERY_MS
      const seconds = `${Math.round(waitedMs / 1000)} s of at most ${Math.round(wait.timeoutMs / 1000)} s`
      events.step(`waiting for ${wait.server.name} to load ${wait.model} (${seconds})`)
    }
    await sleep(POLL_MS, signal)
  }
}

function diedError(wait: Wait, reason: string): BenchError {
  const why = wait.loadFailure(wait.server.logTail(REASON_LINES))
  if (why !== null) return notLoadedError(wait, why)
  return new BenchError({
    kind: 'environment',
    code: 'server-died',
    message: `${reason} before it was ready`,
    place: `server ${wait.server.name}`,
    hint: 'the end of its log, below, says why',
    evidence: wait.server.logTail(EVIDENCE_LINES),
  })
}

function notLoadedError(wait: Wait, why: string): BenchError {
  return new BenchError({
    kind: 'environment',
    code: 'model-not-loaded',
    message: `${wait.server.name} cannot load the model ${wait.model}: ${why}`,
    place: `server ${wait.server.name}`,
    hint: `mend the model in model_repository/${wait.model}, then run again`,
    evidence: wait.server.logTail(EVIDENCE_LINES),
  })
}

function notReadyError(wait: Wait, why: string): BenchError {
  return new BenchError({
    kind: 'environment',
    code: 'server-not-ready',
    message: `${wait.server.name} was not ready within ${formatMs(wait.timeoutMs)}: ${why}`,
    place: `server ${wait.server.name}`,
    hint: `raise servers.${wait.server.name}.startTimeout in the scenario, or see in its log what it waits for`,
    evidence: wait.server.logTail(EVIDENCE_LINES),
  })
}
