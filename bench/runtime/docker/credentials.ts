// Logins to registries from where Docker keeps them: its settings, or the helper program that they name. Never printed.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { BenchError, messageOf } from '../../core/errors.ts'
import { decodeText } from '../../core/text-file.ts'
import { dockerConfigDir, type Environment } from './engine-address.ts'

/** As the engine's API takes it. */
export type Credentials =
  | { readonly username: string; readonly password: string; readonly serveraddress: string }
  | { readonly identitytoken: string; readonly serveraddress: string }

const HUB_ADDRESS = 'https://index.docker.io/v1/'
const HELPER_TIMEOUT_MS = 10_000
/** What helpers say where they know no login (docker-credential-helpers, credentials/error.go). */
const NOT_FOUND = /credentials not found/i
/** The user's name by which a helper says that the secret is a token. */
const TOKEN_USER = '<token>'

const configSchema = z.object({
  auths: z
    .record(z.string(), z.object({ auth: z.string().optional(), identitytoken: z.string().optional() }))
    .optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
})
const answerSchema = z.object({ Username: z.string(), Secret: z.string() })

/**
 * @param registry host with port, or `docker.io`
 * @returns `null` where nobody is logged in
 * @throws BenchError `docker-config`, `credential-helper`
 */
export async function findCredentials(registry: string, env: Environment): Promise<Credentials | null> {
  const config = readConfig(env)
  const address = registry === 'docker.io' ? HUB_ADDRESS : registry
  const helper = config.credHelpers?.[registry] ?? config.credHelpers?.[address] ?? config.credsStore
  if (helper !== undefined) return askHelper(helper, address, env)
  const entry = config.auths?.[address] ?? config.auths?.[`https://${address}`]
  if (entry?.identitytoken) return { identitytoken: entry.identitytoken, serveraddress: address }
  if (!entry?.auth) return null
  const [username = '', ...password] = Buffer.from(entry.auth, 'base64').toString('utf8').split(':')
  return { username, password: password.join(':').replace(/\0+$/, ''), serveraddress: address }
}

function readConfig(env: Environment): z.infer<typeof configSchema> {
  const path = join(dockerConfigDir(env), 'config.json')
  let text: string
  try {
    text = decodeText(readFileSync(path), path, 'environment')
  } catch {
    return {} // Nobody has ever logged in.
  }
  try {
    return configSchema.parse(JSON.parse(text))
  } catch {
    // Without the cause: it quotes the text, which may hold a password.
    throw new BenchError({
      kind: 'environment',
      code: 'docker-config',
      message: `${path} is not a settings file of Docker's`,
      hint: 'mend or remove it, then log in again: docker login',
    })
  }
}

/** The protocol of docker-credential-helpers: the address on stdin, JSON on stdout. */
async function askHelper(name: string, address: string, env: Environment): Promise<Credentials | null> {
  const program = `docker-credential-${name}`
  if (!/^[\w.-]+$/.test(name)) throw helperFailed(program, 'that is no name of a program')
  const { code, stdout, stderr } = await runHelper(program, address, env)
  if (code !== 0) {
    if (NOT_FOUND.test(stdout) || NOT_FOUND.test(stderr)) return null
    throw helperFailed(program, `it exited with code ${code}`)
  }
  const answer = answerSchema.safeParse(jsonOrNull(stdout)).data
  if (answer === undefined) throw helperFailed(program, 'its answer is not what the protocol says')
  const { Username, Secret } = answer
  if (Username === TOKEN_USER) return { identitytoken: Secret, serveraddress: address }
  return { username: Username, password: Secret, serveraddress: address }
}

interface HelperRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function runHelper(program: string, address: string, env: Environment): Promise<HelperRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { env, timeout: HELPER_TIMEOUT_MS, stdio: 'pipe' })
    const output = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        output[stream] = (output[stream] + text).slice(0, 65_536)
      })
    }
    child.once('error', (error) => reject(helperFailed(program, messageOf(error))))
    child.once('close', (code) => resolve({ code, ...output }))
    child.stdin.on('error', () => {}) // It ended without reading: its exit code says why.
    child.stdin.end(address)
  })
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function helperFailed(program: string, why: string): BenchError {
  return new BenchError({
    kind: 'environment',
    code: 'credential-helper',
    message: `${program}, which Docker's settings name for logins, failed: ${why}`,
    hint: 'log in again: docker login; or correct credsStore in Docker’s config.json',
  })
}
