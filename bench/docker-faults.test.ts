// What can go wrong with containers, each made for real: the message names cause and remedy, and nothing is left running.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { RunDocument } from './analysis/run-document.ts'
import { sleep } from './core/clock.ts'
import { PACKAGE_DIR } from './project.ts'
import { SERVER_LABEL } from './runtime/docker/labels.ts'
import { describeWith, itWith } from './testing/requirement.ts'
import { BASE_IMAGE, dockerEngineWithBase, root } from './testing/requirements.ts'

const MAIN = join(PACKAGE_DIR, 'bench', 'main.ts')
const TEST_MS = 60_000
const NOBODY = 65_534

const ENGINE = await dockerEngineWithBase()

/** The server's name in each scenario here: by it this file's containers are told from all others. */
const NAME = `tiny-${randomBytes(4).toString('hex')}`
const IMAGE = `inference-dyno/${NAME}:built`

describeWith(ENGINE, 'a container', (engine) => {
  const { docker, address } = engine
  let dir: string
  let out: string
  let number = 0

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'dyno-faults-'))
    mkdirSync(join(dir, 'app'))
    copyFileSync(join(PACKAGE_DIR, 'bench/testing/tiny-server.py'), join(dir, 'app', 'server.py'))
    writeFileSync(
      join(dir, 'app', 'Dockerfile'),
      `FROM ${BASE_IMAGE}\nCOPY server.py /\nCMD ["python3", "/server.py"]\n`,
    )
  })
  afterEach(async () => {
    const left = await containers()
    for (const { Id } of left) await docker.getContainer(Id).remove({ force: true })
    expect(left.map(({ Names }) => Names)).toEqual([])
  }, TEST_MS)
  afterAll(async () => {
    rmSync(dir, { recursive: true, force: true })
    await docker
      .getImage(IMAGE)
      .remove({ force: true })
      .catch(() => {}) // No test built it.
  })

  const containers = () => docker.listContainers({ all: true, filters: { label: [`${SERVER_LABEL}=${NAME}`] } })

  /** Writes a scenario with one tiny server and starts `dyno run` on it. */
  function run(server: string, options: { seconds?: number; env?: Record<string, string> } = {}) {
    out = join(dir, `run-${++number}`)
    const path = join(dir, `scenario-${number}.yaml`)
    writeFileSync(
      path,
      `name: faults
model:
  name: example_model
  inputs: [{ name: x, datatype: FP32, shape: [4] }]
  outputs: [{ name: y, datatype: FP32, shape: [1] }]
servers: { ${NAME}: { kind: flask, ${server} } }
targets: { tiny: { server: ${NAME}, api: flask, protocol: http } }
matrix: { batchSize: [1], load: [{ concurrency: 2 }] }
measure: { warmup: 0s, duration: ${options.seconds ?? 0.3}s, repetitions: 2, timeout: 2s }
`,
    )
    const child = spawn(process.execPath, [MAIN, 'run', path, '--runtime', 'docker', '--out', out], {
      cwd: PACKAGE_DIR,
      env: { ...process.env, DYNO_STATE_DIR: join(dir, 'state'), ...options.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    return new Running(child)
  }

  const built = (more = '') => `build: { context: app }, env: { FAULT: none }${more}`
  const faulty = (fault: string, more = '') => `build: { context: app }, env: { FAULT: ${fault} }${more}`
  const problems = () => {
    const { cells } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunDocument
    return cells.flatMap((cell) => cell.problems)
  }
  /** The container of the run, once it loads it. */
  async function loaded(running: Running) {
    await running.says(/trial 1 of 2/)
    const [container] = await containers()
    if (container === undefined) throw new Error(`no container runs: ${running.stderr}`)
    return docker.getContainer(container.Id)
  }

  describe(
    'that cannot be had',
    () => {
      it('says that no engine answers', async () => {
        const { code, stderr } = await run(built(), { env: { DOCKER_HOST: `unix://${dir}/none.sock` } }).ended()
        expect(code).toBe(4)
        expect(stderr).toMatch(/no Docker engine answers \(unix:.*none\.sock, from DOCKER_HOST\)/)
        expect(stderr).toContain('--runtime local')
      })

      itWith(root(), 'says that the socket may not be used', async () => {
        const socket = join(dir, 'forbidden.sock')
        const server = createServer().listen(socket)
        await once(server, 'listening')
        const state = mkdtempSync(join(tmpdir(), 'dyno-other-'))
        chownSync(state, NOBODY, NOBODY)
        const env = { DOCKER_HOST: `unix://${socket}`, HOME: state, DYNO_STATE_DIR: state }
        const { code, stderr } = await runAsOther(env)
        server.close()
        rmSync(state, { recursive: true, force: true })
        expect(stderr).toMatch(/you may not use the Docker engine/)
        expect(stderr).toContain('usermod -aG docker')
        expect(code).toBe(4)
      })

      it('says that the registry of its image cannot be reached', async () => {
        const { code, stderr } = await run('image: "127.0.0.1:1/nobody/nothing:1"').ended()
        expect(code).toBe(4)
        expect(stderr).toMatch(
          /127\.0\.0\.1:1\/nobody\/nothing:1 could not be pulled: 127\.0\.0\.1:1 cannot be reached/,
        )
      })

      it('shows the step of its build that failed, with its last lines', async () => {
        writeFileSync(join(dir, 'app', 'Broken'), `FROM ${BASE_IMAGE}\nRUN echo making tea && exit 7\n`)
        const { code, stderr } = await run('build: { context: app, dockerfile: Broken }').ended()
        expect(code).toBe(4)
        expect(stderr).toMatch(/could not be built: step 2\/3: RUN echo making tea && exit 7 failed: .*code: 7/)
        expect(stderr).toContain('making tea\n')
      })

      it('says that the disk is full', async () => {
        writeFileSync(join(dir, 'app', 'Full'), `FROM ${BASE_IMAGE}\nRUN cat /etc/passwd > /dev/full\n`)
        const { code, stderr } = await run('build: { context: app, dockerfile: Full }').ended()
        expect(code).toBe(4)
        expect(stderr).toContain('No space left on device')
        expect(stderr).toContain('docker system df')
      })

      it('says that GPUs need a runtime, and how to get it', async () => {
        const { code, stderr } = await runTriton('gpus: all')
        expect(code).toBe(4)
        expect(stderr).toMatch(/gpus: all was asked for, but the engine has no NVIDIA runtime/)
        expect(stderr).toContain('nvidia-container-toolkit')
      })

      it('names the process that holds its port', async () => {
        const server = createServer().listen(0, '127.0.0.1')
        await once(server, 'listening')
        const { port } = server.address() as AddressInfo
        const { code, stderr } = await run(built(`, port: ${port}`)).ended()
        server.close()
        expect(code).toBe(4)
        expect(stderr).toContain(`port ${port} is taken by process ${process.pid}`)
      })

      it('leaves alone who has its name', async () => {
        const name = `${NAME}-bystander`
        const bystander = await docker.createContainer({ Image: BASE_IMAGE, name })
        const { code, stderr } = await run(built(`, containerName: ${name}`)).ended()
        expect(code).toBe(4)
        expect(stderr).toContain(`a container named ${name} exists already`)
        expect(stderr).toContain(`docker rm --force ${name}`)
        await bystander.remove() // Which it could not be, were it gone.
      })

      it('shows its last words when it exits at once', async () => {
        const { code, stderr } = await run(faulty('exit')).ended()
        expect(code).toBe(4)
        expect(stderr).toMatch(/exited with code 3 before it was ready/)
        expect(stderr).toContain('no such model: tea.keras')
      })

      it('is not waited for for ever', async () => {
        const { code, stderr } = await run(faulty('never-ready', ', startTimeout: 1s')).ended()
        expect(code).toBe(4)
        expect(stderr).toMatch(/was not ready within 1\.00 s: GET \/health is answered by status 503/)
      })
    },
    TEST_MS,
  )

  describe(
    'under load',
    () => {
      it('is measured', async () => {
        const { code, stderr } = await run(built()).ended()
        expect(code, stderr).toBe(0)
        const { cells, environment, timeline } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunDocument
        const [cell] = cells
        expect(cell?.counts.failed).toBe(0)
        expect(cell?.resources.cpuFraction).toBeGreaterThan(0.01)
        expect(cell?.resources.memoryBytes).toBeGreaterThan(1e6)
        expect(timeline.length).toBeGreaterThan(1)
        const { id } = await docker
          .getImage(IMAGE)
          .inspect()
          .then(({ Id }) => ({ id: Id }))
        expect(environment.servers[NAME]).toMatchObject({ runtime: 'docker', imageDigest: id })
        expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain(id)
      })

      it('may be killed: the run ends, says so, and is not trusted', async () => {
        const running = run(built(), { seconds: 1 })
        await (await loaded(running)).kill()
        const { code } = await running.ended()
        expect(code).toBe(3)
        expect(problems()).toContainEqual(
          expect.objectContaining({ code: 'server-died', message: expect.stringContaining('was killed by SIGKILL') }),
        )
      })

      it('may need more memory than its limit, and the message says so', async () => {
        const running = run(faulty('hoard', ', limits: { memory: 64MiB }'), { seconds: 2 })
        const { code } = await running.ended()
        expect(code).toBe(3)
        expect(problems()).toContainEqual(
          expect.objectContaining({
            code: 'server-died',
            message: expect.stringContaining('more memory than its limit'),
          }),
        )
      })

      it('may be paused, which is not taken for its latency', async () => {
        const running = run(built(), { seconds: 4 })
        const container = await loaded(running)
        await sleep(500)
        await container.pause()
        await sleep(3000)
        await container.unpause()
        const { code } = await running.ended()
        expect(code).toBe(3)
        expect(problems()).toContainEqual(
          expect.objectContaining({ code: 'server-paused', message: expect.stringMatching(/paused for 3\.\d+ s/) }),
        )
      })

      it('may lose its engine: the run ends, says so, and the next one removes what it left', async () => {
        const proxy = await startProxy(address.host.slice('unix://'.length), join(dir, 'proxy.sock'))
        const running = run(built(), { seconds: 1, env: { DOCKER_HOST: `unix://${dir}/proxy.sock` } })
        await loaded(running)
        proxy.stop()
        const { code, stderr } = await running.ended()
        expect(code, stderr).toBe(3)
        expect(problems()).toContainEqual(
          expect.objectContaining({
            code: 'server-died',
            message: expect.stringContaining('the Docker engine went away'),
          }),
        )
        expect(stderr).toContain('clean-up failed')
        expect(await containers()).toHaveLength(1)
        const next = await run(built()).ended()
        expect(next.stderr).toMatch(new RegExp(`removed ${NAME} \\(container .*\\), left by run`))
      })
    },
    TEST_MS,
  )

  describe(
    'of a run that is ended',
    () => {
      const stages = {
        build: { server: 'build: { context: app, dockerfile: Slow }', says: /RUN sleep/ },
        start: { server: faulty('never-ready'), says: /waiting for/ },
        load: { server: built(), says: /trial 1 of 2/ },
      } as const
      beforeAll(() => writeFileSync(join(dir, 'app', 'Slow'), `FROM ${BASE_IMAGE}\nRUN sleep 50 # ${NAME}\n`))

      it.each(Object.keys(stages) as (keyof typeof stages)[])('by Ctrl-C during the %s is removed', async (stage) => {
        const running = run(stages[stage].server, { seconds: 20 })
        await running.says(stages[stage].says)
        running.kill('SIGINT')
        const { code } = await running.ended()
        expect(code).toBe(130)
        expect(await containers()).toEqual([])
        expect(await buildContainers()).toEqual([])
      })

      it.each(Object.keys(stages) as (keyof typeof stages)[])(
        'by SIGKILL during the %s is removed by the next run',
        async (stage) => {
          const running = run(stages[stage].server, { seconds: 20 })
          await running.says(stages[stage].says)
          running.kill('SIGKILL')
          await running.ended()
          expect(await containers()).toHaveLength(stage === 'build' ? 0 : 1)
          const next = await run(built()).ended()
          expect(next.code, next.stderr).toBe(0)
          expect(next.stderr.includes('left by run')).toBe(stage !== 'build')
          expect(await buildContainers()).toEqual([])
        },
      )

      /** The engine ends a build whose client is gone, a moment later. */
      async function buildContainers(): Promise<string[]> {
        for (let attempt = 1; ; attempt++) {
          const all = await docker.listContainers({ all: true })
          const building = all.filter(({ Command }) => Command.includes(NAME)).map(({ Id }) => Id)
          if (building.length === 0 || attempt === 50) return building
          await sleep(100)
        }
      }
    },
    TEST_MS,
  )

  async function runTriton(gpus: string) {
    out = join(dir, `run-${++number}`)
    const path = join(dir, 'triton.yaml')
    const text = readFileSync(join(PACKAGE_DIR, 'scenarios/smoke.yaml'), 'utf8')
    writeFileSync(path, text.replace('kind: triton }', `kind: triton, ${gpus} }`))
    const env = { ...process.env, DYNO_STATE_DIR: join(dir, 'state') }
    const args = [MAIN, 'run', path, '--only', 'triton-grpc', '--runtime', 'docker', '--out', out]
    return new Running(
      spawn(process.execPath, args, { cwd: PACKAGE_DIR, env, stdio: ['ignore', 'ignore', 'pipe'] }),
    ).ended()
  }

  function runAsOther(env: Record<string, string>) {
    const args = [MAIN, 'up', 'scenarios/smoke.yaml', '--runtime', 'docker', '--foreground']
    const options = { cwd: PACKAGE_DIR, env: { ...process.env, ...env }, uid: NOBODY, gid: NOBODY }
    return new Running(spawn(process.execPath, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })).ended()
  }
})

/** A `dyno` process, what it said, and its end. */
class Running {
  stderr = ''
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown[]>

  constructor(child: ChildProcess) {
    this.#child = child
    this.#closed = once(child, 'close')
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
  }

  async says(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.stderr)) {
      if (this.#child.exitCode !== null) throw new Error(`it ended before it said ${pattern}: ${this.stderr}`)
      await sleep(20)
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async ended(): Promise<{ readonly code: number | null; readonly stderr: string }> {
    await this.#closed
    return { code: this.#child.exitCode, stderr: this.stderr }
  }
}

/** Stands before the engine, and can go away as an engine does. */
async function startProxy(engineSocket: string, socket: string): Promise<{ stop(): void }> {
  const open = new Set<Socket>()
  const server: Server = createServer((client) => {
    const upstream = connect(engineSocket)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from)
      from.on('error', () => to.destroy()).on('close', () => to.destroy())
      from.pipe(to)
    }
  }).listen(socket)
  await once(server, 'listening')
  return {
    stop() {
      server.close()
      for (const each of open) each.destroy()
    },
  }
}
