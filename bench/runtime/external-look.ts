// One look at a server that somebody else runs: is it there, does it have the model, and if not, may that still change?
import { type BenchError, messageOf } from '../core/errors.ts'
import { ask, jsonOf } from '../core/http-request.ts'
import { TlsError } from '../core/tls.ts'
import { whyNoConnection } from './connects.ts'
import { modelNotLoaded, unreachable } from './external-errors.ts'
import { type Endpoint, modelUrl, readIndex, readServerMetadata, type ServerMetadata } from './kserve-answers.ts'
import { printable } from './log-tail.ts'
import type { StartRequest } from './types.ts'

export type Seen =
  | { readonly state: 'ready'; readonly metadata: ServerMetadata | null }
  /** Waiting may help: it does not answer yet, or its model is still loading. */
  | { readonly state: 'waiting'; readonly error: BenchError }
  /** Waiting does not help. */
  | { readonly state: 'refused'; readonly error: BenchError }

type Asked = Pick<StartRequest, 'name' | 'model' | 'modelVersion' | 'speaksKserve'>

/** The first answer of a server that was scaled to zero takes as long as its start. */
const FIRST_ANSWER_MS = 20_000

export async function lookAtExternal(asked: Asked, endpoint: Endpoint, grpcUrl: string | null): Promise<Seen> {
  const { name, speaksKserve } = asked
  const { url, tls } = endpoint
  try {
    if (grpcUrl !== null) {
      const failure = await whyNoConnection(grpcUrl, tls, 'h2')
      if (failure !== null) return failed(unreachable(name, grpcUrl, failure), failure)
    }
    if (!speaksKserve) {
      const failure = await whyNoConnection(url, tls, 'http/1.1')
      return failure === null ? { state: 'ready', metadata: null } : failed(unreachable(name, url, failure), failure)
    }
    const metadata = await readServerMetadata(endpoint, FIRST_ANSWER_MS)
    return metadata === null ? { state: 'ready', metadata } : await lookAtModel(asked, endpoint, metadata)
  } catch (error) {
    return failed(unreachable(name, url, error), error)
  }
}

/** A certificate that is refused stays so, and a name that does not exist is a typing error. */
function failed(error: BenchError, cause: unknown): Seen {
  const isFinal = cause instanceof TlsError || (cause as NodeJS.ErrnoException).code === 'ENOTFOUND'
  return { state: isFinal ? 'refused' : 'waiting', error }
}

async function lookAtModel(asked: Asked, endpoint: Endpoint, metadata: ServerMetadata): Promise<Seen> {
  const { model, modelVersion } = asked
  const base = modelUrl(endpoint.url, model)
  const refused = (why: string): Seen => ({ state: 'refused', error: modelNotLoaded(asked, endpoint, why) })
  const statusOf = async (path: string) => (await ask(`${base}${path}`, { tls: endpoint.tls })).status
  const version = modelVersion === null ? '' : `/versions/${encodeURIComponent(modelVersion)}`
  const status = await statusOf(`${version}/ready`)
  if (status === 200 && (await serverIsReady(endpoint))) return { state: 'ready', metadata }
  if (status !== 200 && version !== '' && (await statusOf('/ready')) === 200) {
    return refused(`version ${modelVersion} is not ready, though the model is${await versionsText(endpoint, model)}`)
  }
  const index = await readIndex(endpoint)
  const entry = index.find((found) => found.name === model)
  if (entry?.state === 'UNAVAILABLE' && entry.reason) return refused(printable(entry.reason))
  if (entry === undefined && index.length > 0) {
    return refused(
      `it has ${index
        .slice(0, 10)
        .map((found) => printable(found.name))
        .join(', ')}`,
    )
  }
  if (entry === undefined && status === 404) return refused('it knows no such model (status 404)')
  const why = entry?.state === undefined ? `the model is not ready (status ${status})` : `the model is ${entry.state}`
  return { state: 'waiting', error: modelNotLoaded(asked, endpoint, why) }
}

/** Servers that do not have the route are as ready as their models. */
async function serverIsReady({ url, tls }: Endpoint): Promise<boolean> {
  const { status } = await ask(`${url}/v2/health/ready`, { tls })
  return status === 200 || status === 404
}

async function versionsText({ url, tls }: Endpoint, model: string): Promise<string> {
  try {
    const { versions } = jsonOf(await ask(modelUrl(url, model), { tls })) as { versions?: unknown }
    if (!Array.isArray(versions)) return ''
    return `: it serves ${versions
      .slice(0, 10)
      .map((version) => printable(String(version)))
      .join(', ')}`
  } catch (error) {
    return ` (${messageOf(error)})`
  }
}
