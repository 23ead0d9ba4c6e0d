// NVIDIA Triton as a local process on the CPU: the tritonserver of the prepared environment, with its Python backend.
import { join } from 'node:path'
import { BenchError } from '../core/errors.ts'
import type { TritonServer } from '../scenario/types.ts'
import { capture } from './capture.ts'
import { loadFailureIn, lookAtKserve, readModelVersion, readServerMetadata } from './kserve-answers.ts'
import type { LocalSetting } from './local-flask.ts'
import { withPorts } from './ports.ts'
import { type Program, type StartedProcess, startProcess } from './process.ts'
import { findModel, hashFolder, modelFiles, type StoredModel } from './project-files.ts'
import { libpythonMissing } from './python.ts'
import { type PythonEnv, packageVersion, stubPath } from './python-env.ts'
import { waitUntilReady } from './readiness.ts'
import { listFolder, sharedMemoryPrefix } from './register.ts'
import { serverEnvironment } from './server-environment.ts'
import type { Identity, RunningServer, StartRequest } from './types.ts'

type TritonRequest = StartRequest & { readonly spec: TritonServer }

/**
 * Most of its stops are over by then; they take up to nine seconds, for a model that is thrown away. Killing it loses
 * nothing: what it leaves (shared memory, a temporary folder) is ours by name and removed.
 */
const GRACE_MS = 4000

/** @throws BenchError `libpython-missing`, `library-missing`; see `waitUntilReady`, `withPorts`, `findModel` */
export async function startTriton(request: TritonRequest, setting: LocalSetting): Promise<RunningServer> {
  const { spec } = request
  const model = findModel(setting.projectDir, request.model)
  const env = serverEnvironment(setting.python, spec.env, {})
  await checkLibraries(setting.python, env)
  const wanted = spec.ports === null ? null : [spec.ports.http, spec.ports.grpc, spec.ports.metrics]
  return withPorts(wanted, 3, async ([http = 0, grpc = 0, metrics = 0]) => {
    request.events.step(`starting ${request.name} (Triton on the CPU)`)
    const before = new Set(temporaryDirs())
    const started = await startProcess(programOf(request, setting, { ports: { http, grpc, metrics }, env, model }))
    try {
      const url = `http://127.0.0.1:${http}`
      const readyMs = await waitUntilReady(
        {
          server: started,
          model: request.model,
          timeoutMs: spec.startTimeoutMs,
          look: () => lookAtKserve({ url, tls: null }, { name: request.model, version: request.modelVersion }),
          loadFailure: loadFailureIn,
        },
        request,
      )
      rememberTemporaryDir(started, before)
      const identity = await identityOf(request, { url, model, pid: started.pid, python: setting.python })
      return {
        name: request.name,
        identity,
        url,
        readyMs,
        grpcAddress: `127.0.0.1:${grpc}`,
        metricsUrl: `http://127.0.0.1:${metrics}/metrics`,
        tls: null,
        death: started.death,
        pausedMs: () => 0,
        resources: () => Promise.resolve(started.resources()),
        close: started.stop,
      }
    } catch (error) {
      rememberTemporaryDir(started, before)
      await started.stop()
      throw error
    }
  })
}

interface ProgramParts {
  readonly ports: { readonly http: number; readonly grpc: number; readonly metrics: number }
  readonly env: Readonly<Record<string, string>>
  readonly model: StoredModel
}

function programOf({ name, model, logDir }: TritonRequest, setting: LocalSetting, parts: ProgramParts): Program {
  const { tritonDir } = setting.python
  const addresses = Object.entries(parts.ports).flatMap(([api, port]) => [
    `--${api}-address=127.0.0.1`,
    `--${api}-port=${port}`,
  ])
  return {
    name,
    command: join(tritonDir, 'bin', 'tritonserver'),
    args: (id) => [
      `--model-repository=${parts.model.repository}`,
      // Only the scenario's model: others in the repository would cost memory, or fail to load.
      '--model-control-mode=explicit',
      `--load-model=${model}`,
      // configs/cpu.pbtxt where the model has one, else its config.pbtxt.
      '--model-config-name=cpu',
      // Completing a configuration would import TensorFlow once more.
      '--disable-auto-complete-config',
      `--backend-directory=${join(tritonDir, 'backends')}`,
      `--cache-directory=${join(tritonDir, 'caches')}`,
      `--backend-config=python,shm-region-prefix-name=${sharedMemoryPrefix(id)}`,
      '--allow-gpu-metrics=false',
      ...addresses,
    ],
    env: parts.env,
    cwd: parts.model.repository,
    logDir,
    stateDir: setting.stateDir,
    graceMs: GRACE_MS,
  }
}

/** Without libpython the model's process never comes up, and Triton waits for it for ever without a word. */
async function checkLibraries(python: PythonEnv, env: Readonly<Record<string, string>>): Promise<void> {
  const run = await capture('ldd', [stubPath(python)], { timeoutMs: 10_000, env })
  const missing = run.stdout.split('\n').flatMap((line) => /^\s*(\S+) => not found/.exec(line)?.[1] ?? [])
  if (missing.some((library) => library.startsWith('libpython'))) throw libpythonMissing(python.version)
  if (missing.length === 0) return
  throw new BenchError({
    kind: 'environment',
    code: 'library-missing',
    message: `Triton's Python backend needs ${missing.join(', ')}, which this machine lacks`,
    hint: 'install the package that holds it, or use --runtime docker',
  })
}

/** Triton's Python backend makes one empty folder there per server, and leaves it when it is killed. */
function temporaryDirs(): string[] {
  return listFolder('/tmp').filter((name) => name.startsWith('python_env_'))
}

function rememberTemporaryDir(started: StartedProcess, before: ReadonlySet<string>): void {
  const made = temporaryDirs().filter((name) => !before.has(name))
  // Two at once: another Triton started meanwhile, and nothing tells whose is whose.
  if (made.length === 1 && made[0] !== undefined) started.ownsTemporaryDir(join('/tmp', made[0]))
}

async function identityOf(
  request: TritonRequest,
  start: { readonly url: string; readonly model: StoredModel; readonly pid: number; readonly python: PythonEnv },
): Promise<Identity> {
  const endpoint = { url: start.url, tls: null }
  const metadata = await readServerMetadata(endpoint)
  return {
    kind: 'triton',
    runtime: 'local',
    imageDigest: null,
    serverName: metadata?.name ?? 'triton',
    serverVersion: metadata?.version ?? null,
    modelVersion: await readModelVersion(endpoint, request.model),
    modelSha256: hashFolder(modelFiles(start.model.versionDir)),
    device: 'cpu',
    pid: start.pid,
    containerId: null,
    engine: null,
    detail: `Triton with the Python backend on the CPU, from nvidia-pytriton ${packageVersion(start.python, 'nvidia-pytriton') ?? 'unknown'}`,
    notice: null,
  }
}
