// The real gunicorn and the real tritonserver, from the project's own environment: made at first use, then at hand.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ContainerSpec, FlaskServer, TritonServer } from '../scenario/types.ts'
import { describeWith } from '../testing/requirement.ts'
import { pythonEnvironment } from '../testing/requirements.ts'
import { processesOf } from './end-process.ts'
import { removeLeftovers } from './leftovers.ts'
import { createLocalRuntime } from './local.ts'
import { checkPortFree } from './ports.ts'
import { ensurePythonEnv } from './python-env.ts'
import { listFolder, readEntries } from './register.ts'
import type { RunningServer, StartRequest } from './types.ts'

const PROJECT = resolve(import.meta.dirname, '../..')
/** Triton runs the model with libpython. */
const PYTHON = await pythonEnvironment('serve', { libpython: true })
const { stateDir: STATE, environmentDir: ENVIRONMENTS } =
  'thing' in PYTHON ? PYTHON.thing : { stateDir: '', environmentDir: '' }
const START_MS = 120_000

const NO_CONTAINER: ContainerSpec = { containerName: null, network: null, limits: null }
const FLASK: FlaskServer = {
  kind: 'flask',
  mode: 'production',
  workers: 2,
  threads: 2,
  port: null,
  image: null,
  build: null,
  ...NO_CONTAINER,
  env: {},
  startTimeoutMs: START_MS,
}
const TRITON: TritonServer = {
  kind: 'triton',
  image: null,
  ...NO_CONTAINER,
  gpus: 'auto',
  ports: null,
  env: {},
  startTimeoutMs: START_MS,
}

let scratch: string

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'dyno-local-'))
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function start(
  name: string,
  spec: StartRequest['spec'],
  options: { readonly projectDir?: string; readonly signal?: AbortSignal } = {},
): Promise<RunningServer> {
  const runtime = createLocalRuntime({
    projectDir: options.projectDir ?? PROJECT,
    stateDir: STATE,
    environmentDir: ENVIRONMENTS,
  })
  return runtime.start({
    name,
    spec,
    model: 'example_model',
    modelVersion: null,
    speaksKserve: true,
    logDir: join(scratch, 'logs'),
    signal: options.signal ?? new AbortController().signal,
    events: { step() {} },
  })
}

async function post(url: string, body: unknown): Promise<unknown> {
  return (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).json()
}

/** A project whose model repository is a copy with another model.py. */
function projectWithModel(code: string): string {
  const projectDir = mkdtempSync(join(scratch, 'project-'))
  cpSync(join(PROJECT, 'model_repository'), join(projectDir, 'model_repository'), { recursive: true })
  writeFileSync(join(projectDir, 'model_repository/example_model/1/model.py'), code)
  return projectDir
}

/** Every process, port and piece of shared memory of a server that this process started. */
function entryOf(name: string) {
  return readEntries(STATE).find((entry) => entry.name === name && entry.owner.pid === process.pid)
}

const portOf = (url: string) => Number(new URL(url).port)

describeWith(PYTHON, 'the local servers', () => {
  it('serve the same model, tell who they are, use resources, and leave nothing behind', {
    timeout: 300_000,
  }, async () => {
    const [flask, triton] = await Promise.all([start('flask', FLASK), start('triton', TRITON)])
    try {
      const features = [[1.2, 3.4, 5.6, 7.8]]
      const answer = (await post(`${flask.url}/predict`, { features })) as { raw_output: number[] }
      const inferred = (await post(`${triton.url}/v2/models/example_model/infer`, {
        inputs: [{ name: 'keras_tensor', datatype: 'FP32', shape: [1, 4], data: features }],
      })) as { outputs: { data: number[] }[] }
      expect(answer.raw_output[0]).toBeGreaterThan(0)
      expect(inferred.outputs[0]?.data[0]).toBeCloseTo(answer.raw_output[0] ?? Number.NaN, 5)

      expect(flask.identity).toMatchObject({ serverName: 'gunicorn', device: 'cpu', modelVersion: '1' })
      expect(flask.identity.serverVersion).toMatch(/^\d+\.\d+/)
      expect(flask.identity.detail).toContain('gunicorn gthread, 2 workers × 2 threads')
      expect(triton.identity).toMatchObject({ serverName: 'triton', serverVersion: '2.51.0', modelVersion: '1' })
      expect(triton.identity.modelSha256).toMatch(/^[0-9a-f]{64}$/)
      expect(triton.identity.modelSha256).toBe(flask.identity.modelSha256)
      expect(await (await fetch(triton.metricsUrl ?? '')).text()).toContain('nv_inference_count')
      for (const server of [flask, triton]) {
        const reading = await server.resources()
        // A TensorFlow in each took seconds to import and holds hundreds of MiB.
        expect(reading?.cpuSeconds).toBeGreaterThan(0.5)
        expect(reading?.memoryBytes).toBeGreaterThan(200 * 1024 ** 2)
        expect(server.death()).toBeNull()
      }
      const entries = ['flask', 'triton'].flatMap((name) => entryOf(name) ?? [])
      // gunicorn with two workers; tritonserver with the model's process.
      expect(entries.map((entry) => processesOf(entry).length)).toEqual([3, 2])

      await Promise.all([flask.close(), triton.close()])
      await flask.close()
      expect(entries.flatMap(processesOf)).toEqual([])
      expect(entryOf('flask') ?? entryOf('triton')).toBeUndefined()
      for (const { id } of entries) expect(listFolder('/dev/shm').filter((name) => name.includes(id))).toEqual([])
      for (const port of [portOf(flask.url), portOf(triton.url), portOf(`http://${triton.grpcAddress}`)]) {
        await checkPortFree(port)
      }
    } finally {
      await Promise.all([flask.close(), triton.close()])
    }
  })

  it('say why Triton cannot load a model', { timeout: 120_000 }, async () => {
    const projectDir = projectWithModel('import no_such_module\n')
    await expect(start('broken', TRITON, { projectDir })).rejects.toMatchObject({
      code: 'model-not-loaded',
      message: expect.stringContaining("ModuleNotFoundError: No module named 'no_such_module'"),
    })
    expect(entryOf('broken')).toBeUndefined()
  })

  it('say that Flask has no model, with its log', { timeout: 120_000 }, async () => {
    const spec = { ...FLASK, workers: 1, env: { MODEL_PATH: join(scratch, 'nothing') } }
    mkdirSync(join(scratch, 'nothing'))
    await expect(start('modelless', spec)).rejects.toMatchObject({
      code: 'model-not-loaded',
      evidence: expect.arrayContaining([expect.stringMatching(/nothing/)]),
    })
  })

  it('name the port that is taken before they start anything', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const port = (holder.address() as { port: number }).port
    try {
      await expect(start('flask', { ...FLASK, port })).rejects.toMatchObject({ code: 'port-taken' })
    } finally {
      holder.close()
    }
  })

  it('stop at once when the run is interrupted while they start', { timeout: 60_000 }, async () => {
    const controller = new AbortController()
    const starting = start('interrupted', TRITON, { signal: controller.signal })
    setTimeout(() => controller.abort(new Error('interrupted')), 700)
    await expect(starting).rejects.toThrow('interrupted')
    expect(entryOf('interrupted')).toBeUndefined()
  })
})

describeWith(PYTHON, 'a run that was killed', () => {
  it('leaves servers that the next one removes, all of them', { timeout: 300_000 }, async () => {
    const stateDir = mkdtempSync(join(scratch, 'state-'))
    // Only the register lies there; the environment is the project's.
    const code = `
      import { ensurePythonEnv } from ${JSON.stringify(join(import.meta.dirname, 'python-env.ts'))}
      import { startFlask } from ${JSON.stringify(join(import.meta.dirname, 'local-flask.ts'))}
      import { startTriton } from ${JSON.stringify(join(import.meta.dirname, 'local-triton.ts'))}
      const [projectDir, environments, stateDir, logDir, flask, triton] = JSON.parse(process.argv[1])
      const request = { model: 'example_model', modelVersion: null, speaksKserve: true, logDir, signal: new AbortController().signal, events: { step() {} } }
      const python = await ensurePythonEnv({ ...request, projectDir, stateDir: environments, environmentDir: environments, with: 'serve' })
      const setting = { projectDir, stateDir, environmentDir: environments, python }
      await Promise.all([
        startFlask({ ...request, name: 'flask', spec: flask }, setting),
        startTriton({ ...request, name: 'triton', spec: triton }, setting),
      ])
      console.log('ready')
    `
    const args = JSON.stringify([
      PROJECT,
      ENVIRONMENTS,
      stateDir,
      join(scratch, 'killed'),
      { ...FLASK, workers: 1 },
      TRITON,
    ])
    const owner = spawn(process.execPath, ['--input-type=module', '--eval', code, args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    owner.stdout.on('data', (chunk) => {
      output += chunk
      if (output.includes('ready')) owner.kill('SIGKILL')
    })
    await once(owner, 'exit')
    const entries = readEntries(stateDir)
    expect(entries.map((entry) => processesOf(entry).length)).toEqual([2, 2])
    const shared = () => listFolder('/dev/shm').filter((name) => entries.some(({ id }) => name.includes(id)))
    expect(shared()).not.toEqual([])

    const lines = await removeLeftovers(stateDir)
    expect(lines.filter((line) => /^(flask|triton) \(process /.test(line))).toHaveLength(2)
    expect(entries.flatMap(processesOf)).toEqual([])
    expect(shared()).toEqual([])
    expect(entries.flatMap(({ temporaryDirs }) => temporaryDirs).filter((path) => existsSync(path))).toEqual([])
    expect(readEntries(stateDir)).toEqual([])
    expect(await removeLeftovers(stateDir)).toEqual([])
  })
})

describeWith(PYTHON, 'the prepared environment', () => {
  it('is found again in a moment, without starting Python', async () => {
    const before = performance.now()
    const env = await ensurePythonEnv({
      projectDir: PROJECT,
      stateDir: STATE,
      environmentDir: ENVIRONMENTS,
      with: 'serve',
      events: { step: (text) => expect.unreachable(text) },
      signal: new AbortController().signal,
    })
    expect(performance.now() - before).toBeLessThan(500)
    expect(readFileSync(join(env.dir, 'pyvenv.cfg'), 'utf8')).toContain('version')
  })
})
