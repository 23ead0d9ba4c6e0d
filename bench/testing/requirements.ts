// What tests of this project need beyond Node and npm, each looked for in the way in which the tests use it.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { BenchError, messageOf } from '../core/errors.ts'
import { KernelClock } from '../event-loop/kernel-clock.ts'
import { type Libc, loadLibc } from '../event-loop/libc.ts'
import { UringBackend } from '../event-loop/uring-backend.ts'
import { environmentDirOf, PACKAGE_DIR, stateDirOf } from '../project.ts'
import { type Engine, openEngine } from '../runtime/docker/engine.ts'
import { libpythonMissing } from '../runtime/python.ts'
import { ensurePythonEnv, type PackageSet, type PythonEnv } from '../runtime/python-env.ts'
import { type Requirement, requirementOf } from './requirement.ts'

/** The image that containers of tests are built from. */
export const BASE_IMAGE = 'python:3.11-slim'

const PROGRAM_TIMEOUT_MS = 20_000
const GET_DOCKER = 'sudo apt install docker.io, start it (sudo dockerd), and see: dyno doctor'

export async function dockerEngine(): Promise<Requirement<Engine>> {
  const name = 'a Docker engine'
  try {
    return { name, thing: await openEngine(process.env) }
  } catch (error) {
    return { name, missing: messageOf(error), remedy: GET_DOCKER }
  }
}

export async function dockerEngineWithBase(): Promise<Requirement<Engine>> {
  const engine = await dockerEngine()
  if (!('thing' in engine)) return engine
  const name = `a Docker engine with ${BASE_IMAGE}`
  const image = engine.thing.docker.getImage(BASE_IMAGE)
  const hasBase = await image.inspect().then(
    () => true,
    () => false,
  )
  if (hasBase) return { name, thing: engine.thing }
  return { name, missing: 'the engine does not have it', remedy: `docker pull ${BASE_IMAGE}` }
}

export function dockerCompose(): Requirement<true> {
  return program('docker compose', ['docker', 'compose', 'version'], 'sudo apt install docker-compose-plugin')
}

/** Where its program lies. */
export function chromium(): Requirement<string> {
  const path = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
  if (existsSync(path)) return { name: 'Chromium', thing: path }
  return {
    name: 'Chromium',
    missing: `there is no ${path}`,
    remedy: 'sudo apt install chromium, or set CHROMIUM_PATH to a browser’s program',
  }
}

/** System calls from Node: what epoll and io_uring are used through. */
export function systemCalls(): Requirement<Libc> {
  const libc = loadLibc()
  if (libc !== null) return { name: 'system calls', thing: libc }
  return {
    name: 'system calls',
    missing: 'koffi is not installed, or this is no Linux from 5.11 on x86-64',
    remedy: 'npm ci --include=optional, on such a machine',
  }
}

export function ioUring(): Requirement<Libc> {
  const libc = loadLibc()
  const backend = libc === null ? null : UringBackend.open(libc, new KernelClock(libc))
  backend?.close()
  if (libc !== null && backend !== null) return { name: 'io_uring', thing: libc }
  return {
    name: 'io_uring',
    missing: 'the kernel refuses it, or is older than 6.1',
    remedy: 'sudo sysctl kernel.io_uring_disabled=0; in a container, a seccomp profile that allows it',
  }
}

export function root(): Requirement<true> {
  const isRoot = process.getuid?.() === 0
  return requirementOf('root', isRoot, { missing: 'this is an ordinary user', remedy: 'run the tests as root' })
}

/** What takes root and is forbidden to it in most containers. */
export function mounting(): Requirement<true> {
  return program('the right to mount', ['unshare', '--mount', 'true'], 'run the tests as root, outside of a container')
}

/** Without these nothing can be prepared, and nothing is wrong with dyno. */
function isOutOfReach({ code, hint = '' }: BenchError): boolean {
  if (code === 'pip-failed') return /cannot reach its package index|disk space|needs Linux/.test(hint)
  return ['python-missing', 'python-version', 'python-venv-missing', 'disk-full'].includes(code)
}

/** Prepared here where it is missing, which takes minutes. @param needs `libpython`: Triton's model process, too */
export async function pythonEnvironment(
  packages: PackageSet,
  needs: { readonly libpython: boolean },
): Promise<Requirement<PreparedPython>> {
  const name = 'the Python environment'
  const place = { cwd: PACKAGE_DIR, env: process.env }
  const [stateDir, environmentDir] = [stateDirOf(place), environmentDirOf(place)]
  const events = { step: (text: string) => process.stderr.write(`${text}\n`) }
  const { signal } = new AbortController()
  try {
    const request = { projectDir: PACKAGE_DIR, stateDir, environmentDir, with: packages, events, signal }
    const python = await ensurePythonEnv(request)
    if (!needs.libpython || readdirSync(python.libraryDir).length > 0) {
      return { name, thing: { ...python, stateDir, environmentDir } }
    }
    const { message, hint = '' } = libpythonMissing(python.version)
    return { name: 'libpython', missing: message, remedy: hint }
  } catch (error) {
    if (!(error instanceof BenchError) || !isOutOfReach(error)) throw error
    return { name, missing: error.message, remedy: error.hint ?? 'see: dyno doctor' }
  }
}

export interface PreparedPython extends PythonEnv {
  readonly stateDir: string
  readonly environmentDir: string
}

function program(name: string, [command = '', ...args]: readonly string[], remedy: string): Requirement<true> {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: PROGRAM_TIMEOUT_MS })
    return { name, thing: true }
  } catch {
    return { name, missing: `${[command, ...args].join(' ')} does not work`, remedy }
  }
}
