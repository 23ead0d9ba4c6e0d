// What a KServe v2 server says of itself and its model, from its HTTP answers. Every answer is validated: it may be anything.
import { z } from 'zod'
import { ask, jsonOf } from '../core/http-request.ts'
import type { TlsSettings } from '../core/tls.ts'
import { printable } from './log-tail.ts'
import type { Readiness } from './readiness.ts'

const serverSchema = z.object({ name: z.string().max(200), version: z.string().max(200).optional() })
const modelSchema = z.object({ versions: z.array(z.string().max(50)).max(1000).optional() })
const indexSchema = z.array(z.object({ name: z.string(), state: z.string().optional(), reason: z.string().optional() }))

/** Where a server's HTTP API is. */
export interface Endpoint {
  readonly url: string
  readonly tls: TlsSettings | null
}

export interface ServerMetadata {
  readonly name: string
  readonly version: string | null
}

/**
 * `null` where the answer is not that of a KServe server.
 * @throws Error when nothing answers, or something in front of the server says to wait
 */
export async function readServerMetadata({ url, tls }: Endpoint, timeoutMs?: number): Promise<ServerMetadata | null> {
  const answer = await ask(`${url}/v2`, { tls, ...(timeoutMs === undefined ? {} : { timeoutMs }) })
  if (answer.status === 502 || answer.status === 503 || answer.status === 504)
    throw new Error(`status ${answer.status}`)
  const parsed = serverSchema.safeParse(jsonOf(answer))
  if (answer.status !== 200 || !parsed.success) return null
  const { name, version } = parsed.data
  return { name: printable(name), version: version === undefined ? null : printable(version) }
}

/** The highest version that is served; `null` where the server does not tell. */
export async function readModelVersion({ url, tls }: Endpoint, model: string): Promise<string | null> {
  const answer = await ask(modelUrl(url, model), { tls })
  const versions = modelSchema.safeParse(jsonOf(answer)).data?.versions ?? []
  return versions.reduce<string | null>((best, next) => (Number(next) >= Number(best ?? 0) ? next : best), null)
}

/** A model by its name, and by its version where one was asked for. */
export interface WantedModel {
  readonly name: string
  readonly version: string | null
}

/** Whether the server and the model are ready; a model that failed to load is told with the server's reason. */
export async function lookAtKserve(endpoint: Endpoint, model: WantedModel): Promise<Readiness> {
  const { url, tls } = endpoint
  const isReady = async (path: string) =>
    (await ask(`${modelUrl(url, model.name)}${path}/ready`, { tls })).status === 200
  const version = model.version === null ? '' : `/versions/${encodeURIComponent(model.version)}`
  const server = await ask(`${url}/v2/health/ready`, { tls })
  if (server.status === 200 && (await isReady(version))) return { state: 'ready' }
  if (version !== '' && (await isReady(''))) {
    return { state: 'failed', why: `version ${model.version} is not ready, though another version is` }
  }
  const entry = (await readIndex(endpoint)).find(({ name }) => name === model.name)
  if (entry?.state === 'UNAVAILABLE' && entry.reason) return { state: 'failed', why: printable(entry.reason) }
  return { state: 'waiting', why: `the model is ${entry?.state ?? 'not ready'}` }
}

/** Triton's list of the models in its repository; empty for servers that have none. */
export async function readIndex({ url, tls }: Endpoint): Promise<z.infer<typeof indexSchema>> {
  const answer = await ask(`${url}/v2/repository/index`, { method: 'POST', tls })
  return indexSchema.safeParse(jsonOf(answer)).data ?? []
}

/** Triton exits when a model fails to load; its log holds `… is at UNAVAILABLE state: REASON`. */
export function loadFailureIn(log: readonly string[]): string | null {
  for (const line of log.toReversed()) {
    const reason = /UNAVAILABLE state: (.+)$/.exec(line) ?? /failed to load '[^']+' version \d+: (.+)$/.exec(line)
    if (reason?.[1] !== undefined) return reason[1].replace(/^Internal: /, '').replace(/"$/, '')
  }
  return null
}

export function modelUrl(url: string, model: string): string {
  return `${url}/v2/models/${encodeURIComponent(model)}`
}
