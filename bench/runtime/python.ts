// Finds a Python that can run the servers: 3.10 to 3.12, with venv, and with the shared library that Triton's backend needs.
import { existsSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { BenchError } from '../core/errors.ts'
import { capture } from './capture.ts'

export interface Python {
  /** Absolute path of the interpreter itself, not of a shim. */
  readonly path: string
  /** e.g. `3.11.7` */
  readonly version: string
  /** Has the modules that make a virtual environment. */
  readonly hasVenv: boolean
  /** Absolute path of `libpython3.X.so.1.0`, `null` where there is none. */
  readonly libpython: string | null
}

/** An interpreter that was found and cannot be used. */
interface Unfit {
  readonly path: string
  readonly version: string
}

/** In the order in which they are tried: the one that most wheels were built and tested with first. */
const NAMES = ['python3.11', 'python3.12', 'python3.10', 'python3'] as const
const ACCEPTED = /^3\.1[012]\./
const WANTED = 'Python 3.10, 3.11 or 3.12'

/** Set by the user: the only interpreter that is then considered. */
export const PYTHON_VARIABLE = 'DYNO_PYTHON'

const PROBE = `
import importlib.util, json, sys, sysconfig
get = sysconfig.get_config_var
print(json.dumps({
  "path": sys.executable, "version": "%d.%d.%d" % sys.version_info[:3],
  "hasVenv": all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")),
  "folders": [get("LIBDIR") or "", sys.base_prefix + "/lib", "%s/%s" % (get("LIBDIR"), get("MULTIARCH"))]}))`

const probeSchema = z.object({
  path: z.string().min(1),
  version: z.string(),
  hasVenv: z.boolean(),
  folders: z.array(z.string()),
})

const PROBE_TIMEOUT_MS = 10_000

/**
 * The first interpreter that has everything; else the first that lacks only the shared library (enough for Flask);
 * else one that lacks venv too. Each is run, because a shim on the PATH may stand for nothing.
 * @throws BenchError `python-missing`, `python-version`
 */
export async function findPython(env: NodeJS.ProcessEnv = process.env): Promise<Python> {
  const unfit: Unfit[] = []
  const usable = new Map<string, Python>()
  const wanted = env[PYTHON_VARIABLE] || null
  for (const command of wanted === null ? commandsOnPath(env) : [wanted]) {
    const found = await probe(command, env)
    if (found === null || usable.has(found.path)) continue
    if (!ACCEPTED.test(found.version)) {
      unfit.push(found)
      continue
    }
    if (found.hasVenv && found.libpython !== null) return found
    usable.set(found.path, found)
  }
  const best = [...usable.values()].find(({ hasVenv }) => hasVenv) ?? [...usable.values()][0]
  if (best !== undefined) return best
  throw unfit.length > 0 ? versionError(unfit) : missingError(wanted)
}

/** @throws BenchError `python-venv-missing` */
export function requireVenv(python: Python): void {
  if (python.hasVenv) return
  const minor = minorOf(python.version)
  throw new BenchError({
    kind: 'environment',
    code: 'python-venv-missing',
    message: `${python.path} (${python.version}) cannot make virtual environments: its modules venv and ensurepip are missing`,
    hint: `apt install python${minor}-venv, or set ${PYTHON_VARIABLE} to another Python`,
  })
}

/** @throws BenchError `libpython-missing`: without the library Triton's model process never starts, and Triton waits for ever */
export function libpythonMissing(version: string): BenchError {
  const minor = minorOf(version)
  return new BenchError({
    kind: 'environment',
    code: 'libpython-missing',
    message: `Triton's Python backend needs libpython${minor}.so.1.0, and Python ${version} comes without it here`,
    hint: `apt install libpython${minor}, or set ${PYTHON_VARIABLE} to a Python that was built with --enable-shared`,
  })
}

/** `3.11.7` → `3.11` */
export function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}

function commandsOnPath(env: NodeJS.ProcessEnv): string[] {
  const folders = (env.PATH ?? '').split(delimiter).filter(isAbsolute)
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name)).filter((path) => existsSync(path)))
}

/** `null` where the command cannot be run or is no Python 3. */
async function probe(command: string, env: NodeJS.ProcessEnv): Promise<Python | null> {
  const run = await capture(command, ['-I', '-c', PROBE], { timeoutMs: PROBE_TIMEOUT_MS, env })
  if (run.code !== 0) return null
  try {
    const { folders, ...python } = probeSchema.parse(JSON.parse(run.stdout))
    return { ...python, libpython: await findLibpython(minorOf(python.version), folders) }
  } catch {
    return null
  }
}

/** In the interpreter's own folders first: the system's library of the same name may be another build. */
async function findLibpython(minor: string, folders: readonly string[]): Promise<string | null> {
  const file = `libpython${minor}.so.1.0`
  const own = folders.map((folder) => join(folder, file)).find((path) => existsSync(path))
  if (own !== undefined) return own
  for (const command of ['/sbin/ldconfig', 'ldconfig']) {
    const run = await capture(command, ['-p'], { timeoutMs: PROBE_TIMEOUT_MS })
    const line = run.stdout.split('\n').find((text) => text.trim().startsWith(`${file} `))
    const path = line?.split('=>')[1]?.trim()
    if (path !== undefined && isAbsolute(path) && existsSync(dirname(path))) return path
  }
  return null
}

function versionError(unfit: readonly Unfit[]): BenchError {
  const found = [...new Map(unfit.map(({ path, version }) => [path, `${path} is ${version}`])).values()]
  return new BenchError({
    kind: 'environment',
    code: 'python-version',
    message: `${WANTED} is needed; ${found.join(', ')}`,
    hint: `install ${WANTED}, or set ${PYTHON_VARIABLE} to the path of one`,
    evidence: found,
  })
}

function missingError(wanted: string | null): BenchError {
  return new BenchError({
    kind: 'environment',
    code: 'python-missing',
    message:
      wanted === null
        ? `no Python was found; ${WANTED} is needed`
        : `${PYTHON_VARIABLE}=${wanted} is no Python that runs`,
    hint: `apt install python3 python3-venv, or set ${PYTHON_VARIABLE} to the path of ${WANTED}`,
  })
}
