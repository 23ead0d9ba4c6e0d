// The project's Flask app as a local process: gunicorn from the prepared environment, or Flask's own server.
import type { FlaskServer } from '../scenario/types.ts'
import { describeFlask, lookAtFlask } from './flask-answers.ts'
import { countPollingWorkers } from './polling-workers.ts'
import { withPorts } from './ports.ts'
import { type Program, type StartedProcess, startProcess } from './process.ts'
import { findModel, hashFolder, locate, modelFiles } from './project-files.ts'
import { type PythonEnv, packageVersion } from './python-env.ts'
import { waitUntilReady } from './readiness.ts'
import { serverEnvironment } from './server-environment.ts'
import type { Identity, RunningServer, StartRequest } from './types.ts'

export interface LocalSetting {
  readonly projectDir: string
  readonly stateDir: string
  readonly python: PythonEnv
}

/** gunicorn lets running requests end; at the end of a run there are none. */
const GRACE_MS = 3000

/** @throws BenchError, see `waitUntilReady`, `withPorts` and `findModel` */
export async function startFlask(
  request: StartRequest & { readonly spec: FlaskServer },
  setting: LocalSetting,
): Promise<RunningServer> {
  const { spec } = request
  const wanted = spec.port === null ? null : [spec.port]
  const model = modelOf(request, setting)
  return withPorts(wanted, 1, async ([port = 0]) => {
    request.events.step(`starting ${request.name} (${describeFlask(spec)})`)
    const started = await startProcess(programOf(request, setting, { port, modelPath: model.path }))
    try {
      const url = `http://127.0.0.1:${port}`
      const look = () => lookAtFlask(url, spec, () => countPollingWorkers(started.pid, port))
      const wait = { server: started, model: request.model, timeoutMs: spec.startTimeoutMs, look, loadFailure }
      const readyMs = await waitUntilReady(wait, request)
      const identity = identityOf(spec, setting, { pid: started.pid, model })
      return serverOf(started, { url, identity, readyMs })
    } catch (error) {
      await started.stop()
      throw error
    }
  })
}

interface ServedModel {
  readonly path: string
  readonly version: string | null
}

/** The scenario may name another file than the repository's. */
function modelOf({ spec, model }: StartRequest & { readonly spec: FlaskServer }, setting: LocalSetting): ServedModel {
  if (spec.env.MODEL_PATH !== undefined) return { path: spec.env.MODEL_PATH, version: null }
  const { versionDir, version } = findModel(setting.projectDir, model)
  return { path: modelFiles(versionDir), version }
}

function programOf(
  { name, spec, logDir }: StartRequest & { readonly spec: FlaskServer },
  { projectDir, stateDir, python }: LocalSetting,
  { port, modelPath }: { readonly port: number; readonly modelPath: string },
): Program {
  const args = {
    production: ['-m', 'gunicorn', '--config', locate(projectDir, 'flask-app/gunicorn.conf.py')],
    development: [locate(projectDir, 'flask-app/app.py')],
  } as const
  const own = {
    production: { BIND: `127.0.0.1:${port}`, WORKERS: String(spec.workers), THREADS: String(spec.threads) },
    development: { HOST: '127.0.0.1', PORT: String(port) },
  } as const
  return {
    name,
    command: python.python,
    args: () => args[spec.mode],
    env: serverEnvironment(python, spec.env, { ...own[spec.mode], MODEL_PATH: modelPath }),
    cwd: locate(projectDir, 'flask-app'),
    logDir,
    stateDir,
    graceMs: GRACE_MS,
  }
}

/** The app answers without its model, and says so at /health: its log needs no reading. */
function loadFailure(): null {
  return null
}

function identityOf(
  spec: FlaskServer,
  { python }: LocalSetting,
  { pid, model }: { readonly pid: number; readonly model: ServedModel },
): Identity {
  const serverName = spec.mode === 'production' ? 'gunicorn' : 'werkzeug'
  return {
    kind: 'flask',
    runtime: 'local',
    imageDigest: null,
    serverName,
    serverVersion: packageVersion(python, serverName),
    modelVersion: model.version,
    modelSha256: hashFolder(model.path),
    device: 'cpu',
    pid,
    containerId: null,
    engine: null,
    detail: `${describeFlask(spec)}, Python ${python.version}, TensorFlow ${packageVersion(python, 'tensorflow-cpu') ?? packageVersion(python, 'tensorflow') ?? 'unknown'}`,
    notice: null,
  }
}

function serverOf(started: StartedProcess, known: Pick<RunningServer, 'url' | 'identity' | 'readyMs'>): RunningServer {
  return {
    name: started.name,
    ...known,
    grpcAddress: null,
    metricsUrl: null,
    tls: null,
    death: started.death,
    pausedMs: () => 0,
    resources: () => Promise.resolve(started.resources()),
    close: started.stop,
  }
}
