// The prepared Python environment: made once for a set of locks, whole or redone, found again by a marker file alone.
import { createHash, randomBytes } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { BenchError } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'
import { formatBytes, formatMs } from '../core/units.ts'
import { capture } from './capture.ts'
import { endProcesses } from './end-process.ts'
import { takeLock } from './folder-lock.ts'
import { liveEntries, removeLeftovers } from './leftovers.ts'
import { pipInstall } from './pip.ts'
import { locate } from './project-files.ts'
import { findPython, minorOf, PYTHON_VARIABLE, type Python, requireVenv } from './python.ts'
import { createStateDir, environmentMark, listFolder, ownProcess, removeEntry, writeEntry } from './register.ts'
import type { StartRequest } from './types.ts'

/** `serve`: what the servers need. `dev`: that and what the Python tests and the training need, in the same folder. */
export type PackageSet = 'serve' | 'dev'

export interface PythonEnv {
  readonly dir: string
  /** Absolute path of the environment's interpreter. */
  readonly python: string
  readonly version: string
  readonly sitePackages: string
  /** Where tritonserver and its backends lie. */
  readonly tritonDir: string
  /** Holds a link to libpython and nothing else, for LD_LIBRARY_PATH; empty where this machine has no libpython. */
  readonly libraryDir: string
}

export interface EnvRequest extends Pick<StartRequest, 'signal' | 'events'> {
  readonly projectDir: string
  readonly stateDir: string
  /** Holds the environments. Where it is not the state folder, other projects use it, too. */
  readonly environmentDir: string
  readonly with: PackageSet
}

const SERVE_LOCKS = ['flask-app/requirements.txt', 'docker/triton-cpu/requirements.txt'] as const
const DEV_LOCK = 'flask-app/requirements-dev.txt'
/** 1.5 GB installed, the downloads beside it, and room to breathe. */
const NEEDED_BYTES = 3 * 1024 ** 3
const FOLDER = /^python-[0-9a-f]{12}$/

const markerSchema = z.object({
  schemaVersion: z.literal(1),
  locksSha256: z.string(),
  sets: z.array(z.enum(['serve', 'dev'])),
  version: z.string(),
  /** The user's choice of interpreter, `null` where dyno chose. */
  wanted: z.string().nullable(),
})
type Marker = z.infer<typeof markerSchema>

/**
 * The environment, made where it is missing: minutes the first time, milliseconds later, without starting Python.
 * Two runs at once make it once. Folders of other locks are removed when a new one is complete and nothing uses them.
 * @throws BenchError `python-…`, `pip-failed`, `disk-full`, `python-env-broken`, `file-missing`; the signal's reason
 */
export async function ensurePythonEnv(request: EnvRequest): Promise<PythonEnv> {
  const ready = findPythonEnv(request)
  if (ready !== null) return ready
  createStateDir(request.environmentDir)
  const release = await takeLock(join(request.environmentDir, 'python.lock'), {
    signal: request.signal,
    onWait: (pid, waitedMs) =>
      request.events.step(`waiting for run ${pid}, which prepares the Python environment (${formatMs(waitedMs)})`),
  })
  try {
    // Made by the run that held the lock before us, more often than not.
    return findPythonEnv(request) ?? (await make(request))
  } finally {
    release()
  }
}

/** The environment if it is complete, `null` otherwise. Reads a few files, starts nothing. */
export function findPythonEnv(request: Pick<EnvRequest, 'projectDir' | 'environmentDir' | 'with'>): PythonEnv | null {
  const locksSha256 = hashLocks(request.projectDir)
  for (const name of listFolder(request.environmentDir).filter((entry) => FOLDER.test(entry))) {
    const dir = join(request.environmentDir, name)
    const marker = readMarker(dir)
    if (marker === null || marker.locksSha256 !== locksSha256) continue
    const fits = marker.wanted === wantedPython() && marker.sets.includes(request.with)
    const env = describe(dir, marker.version)
    // The interpreter is a link into the Python it was made from, which may have been removed since.
    if (fits && existsSync(env.python)) return env
  }
  return null
}

async function make(request: EnvRequest): Promise<PythonEnv> {
  const { environmentDir, events } = request
  events.step('looking for Python')
  const python = await findPython()
  requireVenv(python)
  checkDisk(environmentDir)
  const locksSha256 = hashLocks(request.projectDir)
  const dir = join(
    environmentDir,
    `python-${sha256(`${locksSha256} ${python.version} ${wantedPython() ?? ''}`).slice(0, 12)}`,
  )
  const env = describe(dir, python.version)
  const before = readMarker(dir)
  const grows = before?.locksSha256 === locksSha256 && existsSync(env.python)
  if (!grows) removeWhole(dir)
  await withRegistered(environmentDir, dir, async (mark) => {
    const marked = { ...request, mark }
    if (!grows) await createVenv(python, env, marked)
    await install(env, marked)
    placeStub(env)
    linkLibpython(env, python)
    await tryImports(env, marked)
  })
  const sets: PackageSet[] = request.with === 'dev' ? ['serve', 'dev'] : ['serve']
  const marker: Marker = { schemaVersion: 1, locksSha256, sets, version: python.version, wanted: wantedPython() }
  writeFileAtomic(markerPath(dir), `${JSON.stringify(marker, null, 2)}\n`)
  // A shared folder's others may be of another project, with another version of dyno.
  if (environmentDir === request.stateDir) removeOthers(environmentDir, dir)
  return env
}

interface MarkedRequest extends EnvRequest {
  /** For the environment of whatever is started, so that it can be found if this run is killed. */
  readonly mark: Readonly<Record<string, string>>
}

/** Registers the work, so that the pip of a killed run does not go on writing beside that of the next. */
async function withRegistered(
  stateDir: string,
  dir: string,
  work: (mark: MarkedRequest['mark']) => Promise<void>,
): Promise<void> {
  await removeLeftovers(stateDir)
  const id = randomBytes(6).toString('hex')
  const entry = { id, name: 'python-env', command: dir, owner: ownProcess(), leader: null, temporaryDirs: [] }
  writeEntry(stateDir, entry)
  try {
    const { name, value } = environmentMark(id)
    await work({ [name]: value })
  } finally {
    await endProcesses(entry, 0)
    removeEntry(stateDir, entry)
  }
}

async function createVenv(python: Python, env: PythonEnv, { events, signal, mark }: MarkedRequest): Promise<void> {
  events.step(`making a Python ${python.version} environment (from ${python.path})`)
  const marked = { ...process.env, ...mark }
  const run = await capture(python.path, ['-m', 'venv', env.dir], { timeoutMs: 120_000, env: marked })
  signal.throwIfAborted()
  if (run.code !== 0) throw brokenError('python -m venv failed', `${run.stdout}\n${run.stderr}`)
}

async function install(env: PythonEnv, request: MarkedRequest): Promise<void> {
  const temporaryDir = join(env.dir, 'tmp')
  mkdirSync(temporaryDir, { recursive: true })
  try {
    const locks = request.with === 'dev' ? [...SERVE_LOCKS, DEV_LOCK] : SERVE_LOCKS
    const paths = locks.map((lock) => locate(request.projectDir, lock))
    const { python, sitePackages } = env
    await pipInstall({ python, sitePackages, locks: paths, env: { ...request.mark, TMPDIR: temporaryDir } }, request)
  } finally {
    rmSync(temporaryDir, { recursive: true, force: true })
  }
}

/** The program that runs a model: Triton looks for it in its backend's folder, the wheel has one per Python version. */
function placeStub(env: PythonEnv): void {
  const from = join(env.tritonDir, 'python_backend_stubs', minorOf(env.version), 'triton_python_backend_stub')
  const to = stubPath(env)
  // Renamed into place: a server that runs from this environment may be using the old file.
  copyFileSync(from, `${to}.new`)
  renameSync(`${to}.new`, to)
}

export function stubPath(env: PythonEnv): string {
  return join(env.tritonDir, 'backends', 'python', 'triton_python_backend_stub')
}

/** A link to this one library, because its folder may hold others that Triton must not load. */
function linkLibpython(env: PythonEnv, python: Python): void {
  rmSync(env.libraryDir, { recursive: true, force: true })
  mkdirSync(env.libraryDir)
  if (python.libpython !== null) symlinkSync(python.libpython, join(env.libraryDir, basename(python.libpython)))
}

/** What would otherwise show as a server that dies, or, with numpy 2, as answers of Triton that are silently empty. */
const IMPORTS =
  'import flask, gunicorn, numpy, tensorflow\nassert numpy.__version__.startswith("1."), numpy.__version__'

async function tryImports(env: PythonEnv, { events, signal, mark }: MarkedRequest): Promise<void> {
  events.step('checking the Python environment')
  const quiet = { ...process.env, ...mark, TF_CPP_MIN_LOG_LEVEL: '2', CUDA_VISIBLE_DEVICES: '-1' }
  const run = await capture(env.python, ['-I', '-c', IMPORTS], { timeoutMs: 120_000, env: quiet })
  signal.throwIfAborted()
  if (run.code !== 0) throw brokenError('TensorFlow, Flask and gunicorn cannot be imported', run.stderr)
}

/** Environments of other locks, unless a server runs from one (`dyno up`). */
function removeOthers(stateDir: string, keptDir: string): void {
  const live = liveEntries(stateDir)
  for (const name of listFolder(stateDir)) {
    const dir = join(stateDir, name)
    if (!FOLDER.test(name) || dir === keptDir || live.some(({ command }) => command.includes(dir))) continue
    removeWhole(dir)
  }
}

/** The marker first: what is left when this is cut short must not look complete. */
function removeWhole(dir: string): void {
  rmSync(markerPath(dir), { force: true })
  rmSync(dir, { recursive: true, force: true })
}

function describe(dir: string, version: string): PythonEnv {
  const sitePackages = join(dir, 'lib', `python${minorOf(version)}`, 'site-packages')
  return {
    dir,
    python: join(dir, 'bin', 'python'),
    version,
    sitePackages,
    tritonDir: join(sitePackages, 'pytriton', 'tritonserver'),
    libraryDir: join(dir, 'libpython'),
  }
}

/** The version of an installed package, from the name of its metadata folder; `null` where it is not installed. */
export function packageVersion(env: PythonEnv, name: string): string | null {
  const pattern = new RegExp(`^${name.replaceAll(/[-_.]/g, '[-_.]')}-(.+)\\.dist-info$`, 'i')
  return readdirSync(env.sitePackages).flatMap((entry) => pattern.exec(entry)?.[1] ?? [])[0] ?? null
}

function checkDisk(stateDir: string): void {
  const { bavail, bsize } = statfsSync(stateDir)
  const freeBytes = bavail * bsize
  if (freeBytes >= NEEDED_BYTES) return
  throw new BenchError({
    kind: 'environment',
    code: 'disk-full',
    message: `the Python environment needs ${formatBytes(NEEDED_BYTES)} of free disk, ${stateDir} has ${formatBytes(freeBytes)}`,
    hint: 'free some space, or set DYNO_STATE_DIR to a folder on a larger disk',
  })
}

function brokenError(message: string, output: string): BenchError {
  const evidence = output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-20)
  return new BenchError({
    kind: 'environment',
    code: 'python-env-broken',
    message: `the Python environment does not work: ${message}`,
    hint: 'dyno clean, then run again; dyno doctor says what Python was found',
    evidence,
  })
}

function hashLocks(projectDir: string): string {
  const locks = [...SERVE_LOCKS, DEV_LOCK].map((lock) => readFileSync(locate(projectDir, lock), 'utf8'))
  return sha256(locks.join('\0'))
}

function readMarker(dir: string): Marker | null {
  try {
    return markerSchema.parse(JSON.parse(readFileSync(markerPath(dir), 'utf8')))
  } catch {
    return null
  }
}

function markerPath(dir: string): string {
  return join(dir, 'complete.json')
}

function wantedPython(): string | null {
  return process.env[PYTHON_VARIABLE] || null
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
