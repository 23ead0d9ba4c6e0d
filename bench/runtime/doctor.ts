// What this machine has and lacks for a run, and the command that gets what is missing. Changes nothing.
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { BenchError, messageOf } from '../core/errors.ts'
import { formatBytes } from '../core/units.ts'
import type { LoadThreadAbilities } from '../event-loop/types.ts'
import { capture } from './capture.ts'
import type { Environment } from './docker/engine-address.ts'
import { dockerFindings } from './doctor-docker.ts'
import { locate } from './project-files.ts'
import { findPython, libpythonMissing } from './python.ts'
import { findPythonEnv } from './python-env.ts'
import { listFolder } from './register.ts'

export interface Diagnosis {
  readonly name: string
  readonly status: 'ok' | 'missing' | 'warning'
  readonly detail: string
  /** What to type; `null` where nothing is to be done. */
  readonly remedy: string | null
}

export type Finding = Omit<Diagnosis, 'name'>

interface Place {
  readonly projectDir: string
  readonly stateDir: string
  readonly environmentDir: string
  readonly env: Environment
  /** A problem where another event loop is asked for than this machine has. */
  readonly loadThreads: LoadThreadAbilities | BenchError
}

const TOOL_TIMEOUT_MS = 5000
const ENV_BYTES = 3 * 1024 ** 3
/** Flask and Triton with a TensorFlow each. */
const SERVERS_BYTES = 2 * 1024 ** 3

/** What looks at several things gives each a name of its own. */
type Check = (place: Place) => Finding | Promise<Finding | readonly Diagnosis[]>

const CHECKS: Readonly<Record<string, Check>> = {
  node: () => nodeFinding(),
  npm: ({ env }) => npmFinding(env),
  'load threads': loadThreadsFinding,
  python: () => pythonFinding(),
  'python environment': envFinding,
  'model repository': modelsFinding,
  gpu: async ({ env }) => gpuFinding(await findGpus(env)),
  docker: async ({ env }) => dockerFindings(env, (await findGpus(env)) !== 'none'),
  compose: ({ env }) => composeFinding(env),
  chromium: ({ env }) => chromiumFinding(env),
  disk: diskFinding,
  memory: () => memoryFinding(),
  cores: () => coresFinding(),
  governor: () => governorFinding(),
}

/** The findings in the order in which they matter; none of the checks throws. */
export async function diagnose(place: Place): Promise<readonly Diagnosis[]> {
  const found = await Promise.all(
    Object.entries(CHECKS).map(async ([name, check]): Promise<readonly Diagnosis[]> => {
      try {
        const result = await check(place)
        return 'status' in result ? [{ name, ...result }] : result
      } catch (error) {
        return [{ name, status: 'warning', detail: `cannot be told: ${messageOf(error)}`, remedy: null }]
      }
    }),
  )
  return found.flat()
}

function ok(detail: string): Finding {
  return { status: 'ok', detail, remedy: null }
}

function nodeFinding(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= 24) return ok(process.version)
  return { status: 'warning', detail: `${process.version}; figures are made with Node 24`, remedy: 'npm ci' }
}

async function npmFinding(env: Environment): Promise<Finding> {
  const line = await firstLine('npm', ['--version'], env)
  return line !== null ? ok(line) : { status: 'missing', detail: 'npm does not work', remedy: 'apt install npm' }
}

/** dyno itself needs neither Docker's command line nor Compose. */
async function composeFinding(env: Environment): Promise<Finding> {
  const version = await firstLine('docker', ['compose', 'version', '--short'], env)
  if (version !== null) return ok(version)
  const missing = (detail: string, remedy: string) => ({ status: 'warning', detail, remedy }) as const
  if ((await firstLine('docker', ['--version'], env)) === null) {
    return missing('no docker command line; only docker-compose.*.yml need it', 'sudo apt install docker.io')
  }
  const remedy =
    'sudo apt install docker-compose-plugin (Docker’s packages) or docker-compose-v2 (Ubuntu’s); else put the program ' +
    'of github.com/docker/compose/releases into ~/.docker/cli-plugins/docker-compose'
  const old = await firstLine('docker-compose', ['--version'], env)
  if (old !== null) return missing(`only the old docker-compose (${old}), which ended in 2023`, remedy)
  return missing('docker compose does not work; only docker-compose.*.yml need it', remedy)
}

/** Of what a program prints, `null` where it is absent or fails. */
async function firstLine(command: string, args: readonly string[], env: Environment): Promise<string | null> {
  const run = await capture(command, args, { timeoutMs: TOOL_TIMEOUT_MS, env })
  const line = run.stdout.split('\n')[0]?.trim()
  return run.code === 0 && line ? line : null
}

async function pythonFinding(): Promise<Finding> {
  try {
    const { path, version, hasVenv, libpython } = await findPython()
    const detail = `${version} at ${path}`
    const minor = version.split('.').slice(0, 2).join('.')
    if (!hasVenv)
      return { status: 'missing', detail: `${detail}, without venv`, remedy: `apt install python${minor}-venv` }
    if (libpython !== null) return ok(`${detail}, ${libpython}`)
    return {
      status: 'warning',
      detail: `${detail}, without libpython (Triton)`,
      remedy: libpythonMissing(version).hint ?? null,
    }
  } catch (error) {
    return { status: 'missing', detail: messageOf(error), remedy: 'apt install python3 python3-venv' }
  }
}

function envFinding(place: Place): Finding {
  const env = findPythonEnv({ ...place, with: 'serve' })
  if (env !== null) return ok(`ready in ${env.dir}`)
  return {
    status: 'warning',
    detail: 'not prepared; the first run does it, in one to two minutes',
    remedy: 'npm run bench',
  }
}

function modelsFinding({ projectDir }: Place): Finding {
  const repository = locate(projectDir, 'model_repository')
  const models = listFolder(repository).filter((name) => existsSync(join(repository, name, 'config.pbtxt')))
  if (models.length > 0) return ok(`${models.join(', ')} in ${repository}`)
  return { status: 'missing', detail: `no model in ${repository}`, remedy: 'run inside a checkout of the project' }
}

/** Their names; `driver` where only the driver is known to be loaded. */
async function findGpus(env: Environment): Promise<readonly string[] | 'driver' | 'none'> {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader']
  const run = await capture('nvidia-smi', query, { timeoutMs: TOOL_TIMEOUT_MS, env })
  const gpus = run.stdout.split('\n').filter((line) => line.trim() !== '')
  if (run.code === 0 && gpus.length > 0) return gpus
  return existsSync('/proc/driver/nvidia/version') ? 'driver' : 'none'
}

function gpuFinding(gpus: Awaited<ReturnType<typeof findGpus>>): Finding {
  if (gpus === 'none') return { status: 'warning', detail: 'no NVIDIA GPU; Triton runs on the CPU', remedy: null }
  if (gpus !== 'driver') return ok(gpus.join('; '))
  return {
    status: 'warning',
    detail: 'the NVIDIA driver is loaded, nvidia-smi does not work',
    remedy: 'install nvidia-utils of the driver’s version; a new driver needs a restart',
  }
}

function chromiumFinding({ PATH = '' }: Environment): Finding {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const folders = PATH.split(delimiter).filter((folder) => folder !== '')
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
  if (found !== undefined) return ok(found)
  return {
    status: 'warning',
    detail: 'not found; only tests of the report page need it',
    remedy: 'apt install chromium',
  }
}

function diskFinding({ environmentDir }: Place): Finding {
  let dir = environmentDir
  while (!existsSync(dir)) dir = dirname(dir)
  const { bavail, bsize } = statfsSync(dir)
  const detail = `${formatBytes(bavail * bsize)} free at ${dir}`
  if (bavail * bsize >= ENV_BYTES) return ok(detail)
  return { status: 'warning', detail, remedy: `have ${formatBytes(ENV_BYTES)} free for the Python environment` }
}

function memoryFinding(): Finding {
  const detail = `${formatBytes(totalmem())}, ${formatBytes(freemem())} free`
  if (totalmem() >= SERVERS_BYTES) return ok(detail)
  return { status: 'warning', detail, remedy: `Flask and Triton together take about ${formatBytes(SERVERS_BYTES)}` }
}

function loadThreadsFinding({ loadThreads, env }: Place): Finding {
  if (loadThreads instanceof BenchError) {
    return { status: 'missing', detail: loadThreads.message, remedy: loadThreads.hint ?? null }
  }
  const finding = loadFinding(loadThreads)
  const chosen = env.DYNO_EVENT_LOOP
  return chosen ? { ...finding, detail: `${finding.detail} (DYNO_EVENT_LOOP=${chosen})` } : finding
}

function loadFinding({ waitsWith, openLoopPriority }: LoadThreadAbilities): Finding {
  if (waitsWith !== 'node') {
    const leaner =
      waitsWith === 'epoll'
        ? ' (io_uring, which takes less CPU, needs Linux 6.1 and is forbidden in many containers)'
        : ''
    const text = `${waitsWith}${leaner}; the kernel tells when an answer came in`
    if (openLoopPriority === 'real-time') return ok(`${text}; open loops go before other threads`)
    // No warning: not everybody may mend it, and only the tail of an open loop tells the two apart.
    return ok(
      `${text}; open loops wait for other threads (to go first needs root, or “rtprio 1” in /etc/security/limits.conf)`,
    )
  }
  const detail = 'Node’s sockets: an answer counts from when it is read, and a request costs more CPU'
  const isLinux = process.platform === 'linux'
  return { status: 'warning', detail, remedy: isLinux ? 'npm install --include=optional, on a kernel from 5.11' : null }
}

function coresFinding(): Finding {
  const cores = availableParallelism()
  if (cores >= 4) return ok(`${cores}`)
  return {
    status: 'warning',
    detail: `${cores}: server and load generator share them`,
    remedy: 'believe ratios rather than absolute rates, or use a machine with 4 cores or more',
  }
}

function governorFinding(): Finding {
  try {
    const governor = readFileSync('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor', 'utf8').trim()
    if (governor === 'performance') return ok(governor)
    const detail = `${governor}: the CPU's frequency follows the load, and so do latencies`
    return { status: 'warning', detail, remedy: 'sudo cpupower frequency-set --governor performance' }
  } catch {
    return ok('none that can be seen (usual in virtual machines)')
  }
}
