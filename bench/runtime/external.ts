// A server that somebody else runs: nothing is started or stopped, only looked at, so that a wrong address shows at once.
import { nowNs, sleep } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import { ask } from '../core/http-request.ts'
import type { TlsSettings } from '../core/tls.ts'
import type { ExternalServer } from '../scenario/types.ts'
import { whyNoConnection } from './connects.ts'
import { unreachable } from './external-errors.ts'
import { lookAtExternal, type Seen } from './external-look.ts'
import { type Endpoint, readModelVersion, type ServerMetadata } from './kserve-answers.ts'
import type { RunningServer, StartRequest } from './types.ts'

type Request = StartRequest & { readonly spec: ExternalServer }

const POLL_MS = 200
const FIRST_STEP_MS = 1000
const STEP_EVERY_MS = 3000
/** Many models have many series. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024

/** @throws BenchError `server-unreachable`, `tls-failed`, `model-not-loaded`, after the start timeout or where it cannot help */
export async function reachExternal(request: Request): Promise<RunningServer> {
  const { name, spec, model, modelVersion, events } = request
  events.step(`looking at ${name} (${spec.url})`)
  const endpoint = { url: spec.url.replace(/\/+$/, ''), tls: spec.tls }
  const { url, tls } = endpoint
  const { metadata } = await waitUntilSeen(request, endpoint)
  const withoutPage = spec.metricsUrl === null ? null : await checkPage(name, { url: spec.metricsUrl, tls })
  const notices = new Set(withoutPage === null ? [] : [withoutPage])
  const version = modelVersion ?? (metadata === null ? null : await readModelVersion(endpoint, model).catch(() => null))
  const identity = {
    kind: 'external',
    runtime: 'external',
    imageDigest: null,
    serverName: metadata?.name ?? null,
    serverVersion: metadata?.version ?? null,
    modelVersion: version,
    modelSha256: null,
    device: null,
    pid: null,
    containerId: null,
    engine: null,
    detail: describe(endpoint, metadata),
  } as const
  let death: ReturnType<RunningServer['death']> = null
  return {
    name,
    get identity() {
      return { ...identity, notice: notices.size === 0 ? null : [...notices].join('; ') }
    },
    url,
    readyMs: null,
    grpcAddress: spec.grpcUrl,
    metricsUrl: withoutPage === null ? spec.metricsUrl : null,
    tls,
    death: () => death,
    async look() {
      const failure = await whyNoConnection(url, tls, 'http/1.1')
      const reason = `${name} does not answer any more at ${url}: ${failure && (messageOf(failure) || 'refused')}`
      death = failure === null ? null : { reason, logTail: [] }
    },
    note: (sentence) => notices.add(`${name}: ${sentence}`),
    pausedMs: () => 0,
    resources: () => Promise.resolve(null),
    close: () => Promise.resolve(),
  }
}

/** Waits for a server that starts or loads, as for those that dyno starts itself. */
async function waitUntilSeen(request: Request, endpoint: Endpoint): Promise<Extract<Seen, { state: 'ready' }>> {
  const { name, spec, signal, events } = request
  const startedMs = nowNs() / 1e6
  let tellAtMs = FIRST_STEP_MS
  // A look may hang for as long as its own time limit: the end of the run is noticed at once.
  const aborted = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }))
  for (;;) {
    signal.throwIfAborted()
    const seen = await Promise.race([lookAtExternal(request, endpoint, spec.grpcUrl), aborted])
    if (seen === null) continue
    if (seen.state === 'ready') return seen
    const waitedMs = nowNs() / 1e6 - startedMs
    if (seen.state === 'refused' || waitedMs >= spec.startTimeoutMs) throw seen.error
    if (waitedMs >= tellAtMs) {
      tellAtMs = waitedMs + STEP_EVERY_MS
      const seconds = `${Math.round(waitedMs / 1000)} s of at most ${Math.round(spec.startTimeoutMs / 1000)} s`
      events.step(`waiting for ${name} (${seconds}): ${seen.error.message}`)
    }
    await sleep(POLL_MS, signal)
  }
}

function describe({ url, tls }: Endpoint, metadata: ServerMetadata | null): string {
  const server = metadata === null ? 'external' : `external ${metadata.name} ${metadata.version ?? ''}`
  return `${server}, ${url}${tls?.verify === false ? ', its certificate unchecked' : ''}`
}

/** @returns why the page is not read, where that is its own fault */
async function checkPage(
  name: string,
  { url, tls }: { readonly url: string; readonly tls: TlsSettings | null },
): Promise<string | null> {
  try {
    const { status } = await ask(url, { tls, maxBytes: MAX_PAGE_BYTES })
    if (status !== 200) throw new Error(`status ${status}`)
    return null
  } catch (error) {
    if (!/has more than/.test(messageOf(error))) throw unreachable(name, url, error)
    return `${name}: its metrics page is left out, ${messageOf(error)}`
  }
}
