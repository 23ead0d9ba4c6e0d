// Where the Docker engine is, by the rules of Docker's own command line: DOCKER_HOST, then the context, then the socket.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { BenchError } from '../../core/errors.ts'
import { decodeText } from '../../core/text-file.ts'

export interface EngineAddress {
  /** `unix:///path`, `tcp://host:port` or `ssh://user@host` */
  readonly host: string
  /** What named it, e.g. `DOCKER_HOST`, `context laboratory`, `the rootless socket`. */
  readonly source: string
  /** Folder with ca.pem, cert.pem and key.pem; `null` without TLS. */
  readonly tlsDir: string | null
  /** Its ports and files are not this machine's. */
  readonly isRemote: boolean
}

export type Environment = Readonly<Record<string, string | undefined>>

const SYSTEM_SOCKET = '/var/run/docker.sock'

const configSchema = z.object({ currentContext: z.string().optional() })
const contextSchema = z.object({ Endpoints: z.object({ docker: z.object({ Host: z.string() }) }) })

/** Docker's folder of settings: DOCKER_CONFIG, else ~/.docker. */
export function dockerConfigDir(env: Environment): string {
  return env.DOCKER_CONFIG ?? join(env.HOME ?? homedir(), '.docker')
}

/** @throws BenchError `docker-context` where the context that is named does not exist */
export function findEngine(env: Environment): EngineAddress {
  if (env.DOCKER_HOST) {
    const wantsTls = env.DOCKER_TLS_VERIFY !== undefined && env.DOCKER_TLS_VERIFY !== ''
    return addressOf(env.DOCKER_HOST, 'DOCKER_HOST', wantsTls ? (env.DOCKER_CERT_PATH ?? dockerConfigDir(env)) : null)
  }
  const context = env.DOCKER_CONTEXT || currentContext(env)
  if (context !== null && context !== 'default') return addressOfContext(env, context)
  const rootless = `${env.XDG_RUNTIME_DIR ?? ''}/docker.sock`
  if (!existsSync(SYSTEM_SOCKET) && env.XDG_RUNTIME_DIR && existsSync(rootless)) {
    return addressOf(`unix://${rootless}`, 'the rootless socket', null)
  }
  return addressOf(`unix://${SYSTEM_SOCKET}`, 'the system’s socket', null)
}

function addressOf(host: string, source: string, tlsDir: string | null): EngineAddress {
  return { host, source, tlsDir, isRemote: !isHere(host) }
}

function isHere(host: string): boolean {
  if (host.startsWith('unix://') || host.startsWith('npipe://')) return true
  const name = /^\w+:\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*)/.exec(host)?.[1]
  return name === 'localhost' || name === '[::1]' || name?.startsWith('127.') === true
}

function currentContext(env: Environment): string | null {
  try {
    const path = join(dockerConfigDir(env), 'config.json')
    const config = configSchema.parse(JSON.parse(decodeText(readFileSync(path), path)))
    return config.currentContext || null
  } catch {
    return null // No settings: the default context.
  }
}

/** Docker keeps a context under the SHA-256 of its name. */
function addressOfContext(env: Environment, name: string): EngineAddress {
  const id = createHash('sha256').update(name).digest('hex')
  const folder = join(dockerConfigDir(env), 'contexts')
  try {
    const meta = contextSchema.parse(JSON.parse(readFileSync(join(folder, 'meta', id, 'meta.json'), 'utf8')))
    const tlsDir = join(folder, 'tls', id, 'docker')
    return addressOf(meta.Endpoints.docker.Host, `context ${name}`, existsSync(tlsDir) ? tlsDir : null)
  } catch (cause) {
    throw new BenchError({
      kind: 'environment',
      code: 'docker-context',
      message: `the Docker context '${name}' cannot be read`,
      hint: 'list contexts: docker context ls; go back to the default: docker context use default',
      cause,
    })
  }
}
