// A server that somebody else runs: nothing is started or stopped, only looked at, so that a wrong address shows at once.
import { connect } from 'node:net'
import { BenchError, messageOf } from '../core/errors.ts'
import { ask } from '../core/http-request.ts'
import { TlsClient, TlsError, type TlsSettings } from '../core/tls.ts'
import type { ExternalServer } from '../scenario/types.ts'
import {
  type Endpoint,
  lookAtKserve,
  readModelVersion,
  readServerMetadata,
  type ServerMetadata,
} from './kserve-answers.ts'
import type { RunningServer, StartRequest } from './types.ts'

const CONNECT_TIMEOUT_MS = 2000

/** @throws BenchError `server-unreachable`, `tls-failed`, `model-not-loaded` */
export async function reachExternal({
  name,
  spec,
  model,
  events,
  signal,
}: StartRequest & { readonly spec: ExternalServer }): Promise<RunningServer> {
  events.step(`looking at ${name} (${spec.url})`)
  const endpoint = { url: spec.url.replace(/\/+$/, ''), tls: spec.tls }
  const { url, tls } = endpoint
  const metadata = await readServerMetadata(endpoint).catch((error: unknown) => {
    throw unreachable(name, url, error)
  })
  signal.throwIfAborted()
  if (spec.grpcUrl !== null) await checkConnects(name, spec.grpcUrl, tls)
  if (spec.metricsUrl !== null) await checkPage(name, { url: spec.metricsUrl, tls })
  if (metadata !== null) await checkModel(name, endpoint, model)
  return {
    name,
    identity: {
      kind: 'external',
      runtime: 'external',
      imageDigest: null,
      serverName: metadata?.name ?? null,
      serverVersion: metadata?.version ?? null,
      modelVersion: metadata === null ? null : await readModelVersion(endpoint, model).catch(() => null),
      modelSha256: null,
      device: null,
      pid: null,
      containerId: null,
      engine: null,
      detail: describe(endpoint, metadata),
      notice: null,
    },
    url,
    readyMs: null,
    grpcAddress: spec.grpcUrl,
    metricsUrl: spec.metricsUrl,
    tls,
    death: () => null,
    pausedMs: () => 0,
    resources: () => Promise.resolve(null),
    close: () => Promise.resolve(),
  }
}

function describe({ url, tls }: Endpoint, metadata: ServerMetadata | null): string {
  const server = metadata === null ? 'external' : `external ${metadata.name} ${metadata.version ?? ''}`
  return `${server}, ${url}${tls?.verify === false ? ', its certificate unchecked' : ''}`
}

async function checkModel(name: string, endpoint: Endpoint, model: string): Promise<void> {
  const { url } = endpoint
  const found = await lookAtKserve(endpoint, model).catch((error: unknown) => {
    throw unreachable(name, url, error)
  })
  if (found.state === 'ready') return
  throw new BenchError({
    kind: 'environment',
    code: 'model-not-loaded',
    message: `${name} at ${url} does not serve the model ${model}: ${found.why}`,
    place: `server ${name}`,
    hint: `see what it serves: curl -X POST ${url}/v2/repository/index`,
  })
}

async function checkPage(name: string, { url, tls }: Endpoint): Promise<void> {
  const answer = await ask(url, { tls }).catch((error: unknown) => {
    throw unreachable(name, url, error)
  })
  if (answer.status !== 200) throw unreachable(name, url, new Error(`status ${answer.status}`))
}

/** `address`: host:port, an IPv6 host in brackets; with https in front, a TLS handshake and HTTP/2 belong to it. */
async function checkConnects(name: string, address: string, tls: TlsSettings | null): Promise<void> {
  const isTls = address.startsWith('https://')
  const { hostname, port } = new URL(isTls ? address : `tcp://${address}`)
  const client = isTls && tls !== null ? new TlsClient(tls, hostname, 'h2') : null
  const options = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443), timeout: CONNECT_TIMEOUT_MS }
  const failure = await new Promise<Error | null>((resolve) => {
    const socket = client === null ? connect(options) : client.connect(options)
    const end = (error: Error | null) => {
      socket.destroy()
      resolve(error)
    }
    socket.once(client === null ? 'connect' : 'secureConnect', () => end(client?.refusalOf(socket) ?? null))
    // Later ones as well: a destroyed socket may still have one to tell.
    socket.on('error', (error) => end(client?.explain(error, socket) ?? error))
    socket.once('timeout', () => end(new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`)))
  })
  if (failure !== null) throw unreachable(name, address, failure)
}

function unreachable(name: string, address: string, cause: unknown): BenchError {
  const found = { kind: 'environment', place: `server ${name}`, cause } as const
  if (cause instanceof TlsError) {
    const message = `${name} cannot be used at ${address}: ${cause.message}`
    return new BenchError({ ...found, code: 'tls-failed', message, hint: cause.remedy })
  }
  // Refused at each of a name's addresses: the message is empty then, the code is not.
  const why = messageOf(cause) || (cause as NodeJS.ErrnoException).code || 'no answer'
  return new BenchError({
    ...found,
    code: 'server-unreachable',
    message: `${name} does not answer at ${address}: ${why}`,
    hint: 'start it, or correct the address in the scenario',
  })
}
