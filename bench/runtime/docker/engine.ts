// The connection to the Docker engine, and its failures as problems that the user can mend.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { sleep } from '../../core/clock.ts'
import { BenchError, messageOf } from '../../core/errors.ts'
import { type EngineAddress, type Environment, findEngine } from './engine-address.ts'

export interface Engine {
  readonly docker: Docker
  readonly address: EngineAddress
  /** e.g. `27.3.1` */
  readonly version: string
}

const CONNECT_TIMEOUT_MS = 5000

/**
 * Finds the engine and asks it for its version.
 * @throws BenchError `docker-absent`, `docker-permission`, `docker-context`, `docker-failed`
 */
export async function openEngine(env: Environment): Promise<Engine> {
  const address = findEngine(env)
  const docker = await connect(address)
  const answered = new AbortController()
  try {
    const { Version } = await Promise.race([docker.version(), noAnswer(answered.signal)])
    return { docker, address, version: Version }
  } catch (error) {
    throw engineError(error, address, 'asking the Docker engine for its version')
  } finally {
    answered.abort()
  }
}

/** A paused machine or a firewall that drops packets never answers. */
async function noAnswer(answered: AbortSignal): Promise<never> {
  await sleep(CONNECT_TIMEOUT_MS, answered)
  throw Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })
}

/** Imported only here and only when needed: it takes a tenth of a second to load. */
async function connect({ host, tlsDir }: EngineAddress): Promise<Docker> {
  const { default: Dockerode } = await import('dockerode')
  if (host.startsWith('unix://')) return new Dockerode({ socketPath: host.slice('unix://'.length) })
  const url = new URL(host)
  // Of an IPv6 address the URL keeps the brackets.
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const place = { host: name, port: url.port || (tlsDir === null ? '2375' : '2376') }
  if (url.protocol === 'ssh:') return new Dockerode({ protocol: 'ssh', host: name, username: url.username })
  if (tlsDir === null) return new Dockerode({ protocol: 'http', ...place })
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFileSync(join(tlsDir, name), 'utf8'))
  return new Dockerode({ protocol: 'https', ...place, ca, cert, key })
}

/** What dockerode throws: an HTTP status with the engine's message, or a socket's code. */
export interface EngineFailure {
  readonly statusCode?: number
  readonly code?: string
  readonly json?: { readonly message?: string }
}

/** The engine's own sentence, without dockerode's prefix `(HTTP code 500) server error - `. */
export function engineMessage(error: unknown): string {
  const failure = error as EngineFailure
  return (failure.json?.message ?? messageOf(error).replace(/^\(HTTP code \d+\) [^-]*- /, '')).trim()
}

export function statusOf(error: unknown): number | null {
  return (error as EngineFailure | null)?.statusCode ?? null
}

/**
 * A failure of the engine itself as the user's problem.
 * @param doing e.g. `starting server triton`
 */
export function engineError(error: unknown, { host, source }: EngineAddress, doing: string): BenchError {
  if (error instanceof BenchError) return error
  const { code } = error as EngineFailure
  const known = code === undefined ? undefined : BY_SOCKET_CODE[code]
  if (known !== undefined) {
    return new BenchError({
      kind: 'environment',
      ...known,
      message: `${known.message} (${host}, from ${source})`,
      cause: error,
    })
  }
  const message = engineMessage(error)
  const full = /no space left on device/i.test(message)
  return new BenchError({
    kind: 'environment',
    code: full ? 'disk-full' : 'docker-failed',
    message: `${doing} failed: ${message}`,
    hint: full
      ? 'see what takes the room: docker system df; free what is yours to free, e.g. dyno clean --images'
      : 'see what the engine says: docker info',
    cause: error,
  })
}

const ABSENT = {
  code: 'docker-absent',
  message: 'no Docker engine answers',
  hint: 'start it: sudo systemctl start docker; or run without it: --runtime local',
} as const

const BY_SOCKET_CODE: Readonly<
  Record<string, { readonly code: string; readonly message: string; readonly hint: string }>
> = {
  ENOENT: ABSENT,
  ECONNREFUSED: ABSENT,
  ECONNRESET: { ...ABSENT, message: 'the Docker engine went away' },
  EPIPE: { ...ABSENT, message: 'the Docker engine went away' },
  ENOTFOUND: ABSENT,
  ETIMEDOUT: { ...ABSENT, message: 'the Docker engine does not answer' },
  EACCES: {
    code: 'docker-permission',
    message: 'you may not use the Docker engine',
    hint: 'join its group, then log in again: sudo usermod -aG docker $USER; or run without it: --runtime local',
  },
}
