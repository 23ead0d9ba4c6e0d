// A server that somebody else runs: nothing is started or stopped, only looked at, so that a wrong address shows at once.
import { connect } from 'node:net'
import { BenchError, messageOf } from '../core/errors.ts'
import type { ExternalServer } from '../scenario/types.ts'
import { ask } from './http-request.ts'
import { lookAtKserve, readModelVersion, readServerMetadata, type ServerMetadata } from './kserve-answers.ts'
import type { RunningServer, StartRequest } from './types.ts'

const CONNECT_TIMEOUT_MS = 2000

/** @throws BenchError `server-unreachable`, `model-not-loaded` */
export async function reachExternal({
  name,
  spec,
  model,
  events,
  signal,
}: StartRequest & { readonly spec: ExternalServer }): Promise<RunningServer> {
  events.step(`looking at ${name} (${spec.url})`)
  const url = spec.url.replace(/\/+$/, '')
  const metadata = await readServerMetadata(url).catch((error: unknown) => {
    throw unreachable(name, url, error)
  })
  signal.throwIfAborted()
  if (spec.grpcUrl !== null) await checkConnects(name, spec.grpcUrl)
  if (spec.metricsUrl !== null) await checkPage(name, spec.metricsUrl)
  if (metadata !== null) await checkModel(name, url, model)
  return {
    name,
    identity: {
      kind: 'external',
      runtime: 'external',
      imageDigest: null,
      serverName: metadata?.name ?? null,
      serverVersion: metadata?.version ?? null,
      modelVersion: metadata === null ? null : await readModelVersion(url, model).catch(() => null),
      modelSha256: null,
      device: null,
      pid: null,
      containerId: null,
      detail: describe(url, metadata),
    },
    url,
    grpcAddress: spec.grpcUrl,
    metricsUrl: spec.metricsUrl,
    death: () => null,
    resources: () => Promise.resolve(null),
    close: () => Promise.resolve(),
  }
}

function describe(url: string, metadata: ServerMetadata | null): string {
  return metadata === null ? `external, ${url}` : `external ${metadata.name} ${metadata.version ?? ''}, ${url}`
}

async function checkModel(name: string, url: string, model: string): Promise<void> {
  const found = await lookAtKserve(url, model).catch((error: unknown) => {
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

async function checkPage(name: string, url: string): Promise<void> {
  const answer = await ask(url).catch((error: unknown) => {
    throw unreachable(name, url, error)
  })
  if (answer.status !== 200) throw unreachable(name, url, new Error(`status ${answer.status}`))
}

/** `address`: host:port, an IPv6 host in brackets. */
async function checkConnects(name: string, address: string): Promise<void> {
  const { hostname, port } = new URL(`tcp://${address}`)
  const failure = await new Promise<Error | null>((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), timeout: CONNECT_TIMEOUT_MS })
    const end = (error: Error | null) => {
      socket.destroy()
      resolve(error)
    }
    socket.once('connect', () => end(null))
    socket.once('error', end)
    socket.once('timeout', () => end(new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`)))
  })
  if (failure !== null) throw unreachable(name, address, failure)
}

function unreachable(name: string, address: string, cause: unknown): BenchError {
  // Refused at each of a name's addresses: the message is empty then, the code is not.
  const why = messageOf(cause) || (cause as NodeJS.ErrnoException).code || 'no answer'
  return new BenchError({
    kind: 'environment',
    code: 'server-unreachable',
    message: `${name} does not answer at ${address}: ${why}`,
    place: `server ${name}`,
    hint: 'start it, or correct the address in the scenario',
    cause,
  })
}
