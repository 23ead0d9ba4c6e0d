import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BenchError } from '../core/errors.ts'
import type { LoadThreadAbilities } from '../event-loop/types.ts'
import { describeWith } from '../testing/requirement.ts'
import { dockerEngine } from '../testing/requirements.ts'
import type { Environment } from './docker/engine-address.ts'
import { diagnose } from './doctor.ts'
import { dockerFindings, type EngineInfo, gpuRuntimeFinding, modeFinding } from './doctor-docker.ts'

let dir: string
let socket: string
let servers: Server[]
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-doctor-'))
  socket = join(dir, 'docker.sock')
  servers = []
})
afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
  rmSync(dir, { recursive: true, force: true })
})

const INFO = {
  Driver: 'overlay2',
  DockerRootDir: '/',
  CgroupVersion: '2',
  CgroupDriver: 'systemd',
  SecurityOptions: ['name=seccomp,profile=default'],
  Runtimes: { runc: {} },
  MemoryLimit: true,
  SwapLimit: true,
  CpuCfsQuota: true,
  CPUSet: true,
} satisfies EngineInfo

interface FakeEngine {
  readonly version?: string
  readonly info?: object | 'none' | 'nonsense'
  readonly images?: readonly object[]
}

/** What an engine answers to the few questions of the doctor; `none`: nothing at all. */
async function startEngine({ version = '27.3.1', info = {}, images = [] }: FakeEngine): Promise<Environment> {
  const server = createServer(({ url = '' }, response) => {
    if (url.includes('/version')) response.end(JSON.stringify({ Version: version }))
    else if (url.includes('/images/json')) response.end(JSON.stringify(images))
    else if (info === 'nonsense') response.end('<html>')
    else if (info !== 'none') response.end(JSON.stringify({ ...INFO, ...info }))
  })
  servers.push(server)
  await new Promise<void>((listening) => server.listen(socket, listening))
  chmodSync(socket, 0o660)
  return environment()
}

function environment(more: Environment = {}): Environment {
  return { PATH: process.env.PATH, HOME: dir, DOCKER_CONFIG: dir, DOCKER_HOST: `unix://${socket}`, ...more }
}

async function finding(name: string, env: Environment, hasGpu = false) {
  return (await dockerFindings(env, hasGpu)).find((found) => found.name === name)
}

const LOAD_THREADS = { waitsWith: 'io_uring', answersTimedBy: 'kernel', openLoopPriority: 'real-time' } as const

describe('the doctor', () => {
  it('looks at everything, in a fixed order, and has a remedy for all that is missing', async () => {
    mkdirSync(join(dir, 'model_repository'))
    const findings = await diagnose({
      projectDir: dir,
      stateDir: join(dir, 'not', 'yet'),
      environmentDir: join(dir, 'not', 'yet'),
      env: await startEngine({}),
      loadThreads: LOAD_THREADS,
    })
    expect(findings.map(({ name }) => name)).toEqual([
      'node',
      'npm',
      'load threads',
      'python',
      'python environment',
      'model repository',
      'gpu',
      'docker',
      'docker access',
      'docker context',
      'docker mode',
      'docker limits',
      'docker storage',
      'docker images',
      'gpu runtime',
      'compose',
      'chromium',
      'disk',
      'memory',
      'cores',
      'governor',
    ])
    for (const { status, remedy, detail } of findings) {
      expect(detail).not.toBe('')
      if (status === 'missing') expect(remedy).not.toBeNull()
    }
    expect(findings.find(({ name }) => name === 'model repository')).toMatchObject({ status: 'missing' })
    expect(findings.find(({ name }) => name === 'disk')?.detail).toContain(`free at ${dir}`)
  })

  it('says how load threads time answers, and whether they go first', async () => {
    const detailOf = async (loadThreads: LoadThreadAbilities | BenchError, more: Record<string, string> = {}) => {
      const place = { projectDir: dir, stateDir: dir, environmentDir: dir, env: environment(more), loadThreads }
      return (await diagnose(place)).find(({ name }) => name === 'load threads')
    }
    expect(await detailOf(LOAD_THREADS)).toMatchObject({
      status: 'ok',
      detail: 'io_uring; the kernel tells when an answer came in; open loops go before other threads',
    })
    expect(await detailOf({ ...LOAD_THREADS, waitsWith: 'epoll' })).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('epoll (io_uring, which takes less CPU, '),
    })
    expect(await detailOf({ ...LOAD_THREADS, waitsWith: 'epoll' }, { DYNO_EVENT_LOOP: 'epoll' })).toMatchObject({
      detail: expect.stringContaining('(DYNO_EVENT_LOOP=epoll)'),
    })
    const absent = {
      kind: 'environment',
      code: 'event-loop-unavailable',
      message: 'no io_uring',
      hint: 'unset it',
    } as const
    expect(await detailOf(new BenchError(absent))).toMatchObject({
      status: 'missing',
      detail: 'no io_uring',
      remedy: 'unset it',
    })
    expect(await detailOf({ ...LOAD_THREADS, openLoopPriority: 'normal' })).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('rtprio 1'),
    })
    expect(await detailOf({ waitsWith: 'node', answersTimedBy: 'thread', openLoopPriority: 'normal' })).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining('Node’s sockets'),
    })
  })

  it('tells a docker without compose from no docker, and names what to install', async () => {
    const compose = async (docker: string | null) => {
      const bin = join(dir, 'bin')
      mkdirSync(bin, { recursive: true })
      if (docker !== null) writeFileSync(join(bin, 'docker'), `#!/bin/sh\n${docker}\n`, { mode: 0o755 })
      const findings = await diagnose({
        projectDir: dir,
        stateDir: dir,
        environmentDir: dir,
        env: environment({ PATH: bin }),
        loadThreads: LOAD_THREADS,
      })
      return findings.find(({ name }) => name === 'compose')
    }
    expect(await compose(null)).toMatchObject({ status: 'warning', remedy: 'sudo apt install docker.io' })
    const remedy = expect.stringContaining('apt install docker-compose-plugin')
    expect(await compose('[ "$1" = --version ] && echo 27')).toMatchObject({ status: 'warning', remedy })
    expect(await compose('echo 2.23.3')).toMatchObject({ status: 'ok', detail: '2.23.3' })
  })
})

describe('the doctor on Docker', () => {
  it('says what it found where all is well', async () => {
    const env = await startEngine({
      images: [{ Id: 'sha256:1', RepoTags: ['inference-dyno/flask:abc'], Size: 1024 ** 3 }],
    })
    const findings = await dockerFindings(env, false)
    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([])
    expect(Object.fromEntries(findings.map(({ name, detail }) => [name, detail]))).toEqual({
      docker: `engine 27.3.1 at unix://${socket} (DOCKER_HOST)`,
      'docker access': expect.stringMatching(/^you may use it \(user \d+, group [\w-]+, mode 660\)$/),
      'docker context': 'DOCKER_HOST',
      'docker mode': 'on this machine, as root',
      'docker limits': 'cgroup v2, driver systemd',
      'docker storage': expect.stringMatching(/^overlay2 in \/, .* free$/),
      'docker images': 'inference-dyno/flask:abc (1.00 GiB)',
      'gpu runtime': 'not needed without a GPU',
    })
  })

  it('has one finding where no engine answers', async () => {
    const found = await dockerFindings(environment(), false)
    expect(found).toEqual([
      { name: 'docker', status: 'warning', detail: expect.any(String), remedy: expect.any(String) },
    ])
    expect(found[0]?.detail).toMatch(/^no Docker engine answers \(.*\); the local runtime needs none$/)
  })

  it('names the package where none is installed', async () => {
    const env = { PATH: dir, HOME: dir, DOCKER_CONTEXT: '', XDG_RUNTIME_DIR: dir, DOCKER_CONFIG: dir }
    writeContext('lost', 'unix:///nowhere/docker.sock')
    const found = await dockerFindings({ ...env, DOCKER_CONTEXT: 'lost' }, false)
    expect(found).toMatchObject([{ name: 'docker', remedy: 'sudo apt install docker.io' }])
  })

  it('gives up on an engine that takes the connection and never answers', async () => {
    const server = createServer(() => {})
    servers.push(server)
    await new Promise<void>((listening) => server.listen(socket, listening))
    const [found] = await dockerFindings(environment(), false)
    expect(found?.detail).toContain('does not answer')
  })

  it.each(['none', 'nonsense'] as const)('says so where an engine hangs later or talks nonsense: %s', async (info) => {
    const found = await finding('docker mode', await startEngine({ info }))
    expect(found).toMatchObject({ status: 'warning', remedy: 'see what it says itself: docker info' })
  })

  it.each<[string, object, string, RegExp, RegExp]>([
    ['an old engine', { version: '19.03.1' }, 'docker', /older than 20.10/, /docs.docker.com/],
    ['rootless', { info: { SecurityOptions: ['name=rootless'] } }, 'docker mode', /^rootless/, /--runtime local/],
    ['no cgroups', { info: { CgroupDriver: 'none' } }, 'docker limits', /all limits are ignored/, /kernel/],
    [
      'no delegation',
      { info: { CgroupDriver: 'none', SecurityOptions: ['name=rootless'] } },
      'docker limits',
      /ignored/,
      /delegate/,
    ],
    ['no swap limit', { info: { SwapLimit: false } }, 'docker limits', /limits of swap are ignored/, /swapaccount/],
    ['whole copies', { info: { Driver: 'vfs' } }, 'docker storage', /^vfs/, /overlay2/],
    ['no room', { info: { DockerRootDir: '/proc' } }, 'docker storage', /, 0 B free/, /docker system df/],
  ])('warns of %s, with what to do', async (_, engine, name, detail, remedy) => {
    const found = await finding(name, await startEngine(engine))
    expect(found?.status).toBe('warning')
    expect(found?.detail).toMatch(detail)
    expect(found?.remedy).toMatch(remedy)
  })

  it('warns of a socket that is open to everybody', async () => {
    const env = await startEngine({})
    chmodSync(socket, 0o666)
    expect(await finding('docker access', env)).toMatchObject({ status: 'warning', remedy: `sudo chmod 660 ${socket}` })
  })

  it('says that DOCKER_HOST hides the context that was chosen', async () => {
    const env = await startEngine({})
    writeContext('lab', `unix://${socket}`)
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ currentContext: 'lab' }))
    expect(await finding('docker context', env)).toMatchObject({
      status: 'warning',
      detail: 'DOCKER_HOST hides context lab',
      remedy: 'unset DOCKER_HOST',
    })
    expect(await finding('docker context', { ...env, DOCKER_HOST: undefined })).toMatchObject({
      status: 'ok',
      detail: 'context lab',
    })
  })

  it('says how to leave a context that is gone', async () => {
    const found = await dockerFindings(environment({ DOCKER_HOST: undefined, DOCKER_CONTEXT: 'lost' }), false)
    expect(found).toMatchObject([{ name: 'docker', remedy: expect.stringContaining('docker context use default') }])
  })

  it('says what a remote engine cannot do', () => {
    const address = { host: 'ssh://me@lab', source: 'context lab', tlsDir: null, isRemote: true }
    const found = modeFinding(address, INFO)
    expect(found).toMatchObject({ status: 'warning', remedy: expect.stringContaining('docker context use default') })
    expect(found.detail).toContain('servers cannot be run')
    expect(modeFinding({ ...address, source: 'DOCKER_HOST' }, INFO).remedy).toContain('unset DOCKER_HOST')
  })

  it('warns of a port without TLS', async () => {
    const server = createServer((_, response) => response.end(JSON.stringify({ Version: '27.0.0' })))
    servers.push(server)
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const { port } = server.address() as { port: number }
    const found = await finding('docker access', environment({ DOCKER_HOST: `tcp://127.0.0.1:${port}` }))
    expect(found).toMatchObject({ status: 'warning', detail: expect.stringContaining('without TLS') })
  })

  it.each<[string, object, boolean, string | null, 'ok' | 'warning', RegExp]>([
    ['no GPU', { runc: {} }, false, null, 'ok', /not needed/],
    ['a GPU and NVIDIA’s runtime', { runc: {}, nvidia: {} }, true, null, 'ok', /^nvidia$/],
    ['a GPU and the hook alone', { runc: {} }, true, 'nvidia-container-runtime-hook', 'ok', /hook/],
    [
      'a GPU, and a toolkit that the engine does not know',
      { runc: {} },
      true,
      'nvidia-ctk',
      'warning',
      /^sudo nvidia-ctk/,
    ],
    ['a GPU and no toolkit', { runc: {} }, true, null, 'warning', /container-toolkit.*nvidia-ctk runtime configure/],
  ])('knows how a container gets a GPU: %s', (_, Runtimes, hasGpu, program, status, text) => {
    if (program !== null) writeFileSync(join(dir, program), '')
    const found = gpuRuntimeFinding({
      info: { ...INFO, Runtimes: Runtimes as EngineInfo['Runtimes'] },
      hasGpu,
      path: dir,
    })
    expect(found.status).toBe(status)
    expect(found.remedy ?? found.detail).toMatch(text)
  })

  function writeContext(name: string, host: string): void {
    const id = createHash('sha256').update(name).digest('hex')
    mkdirSync(join(dir, 'contexts', 'meta', id), { recursive: true })
    writeFileSync(
      join(dir, 'contexts', 'meta', id, 'meta.json'),
      JSON.stringify({ Endpoints: { docker: { Host: host } } }),
    )
  }
})

const isRoot = process.getuid?.() === 0
/** An ordinary user without a name, whom this folder is opened to. */
const NOBODY = 65534

describe('the doctor on a socket that is closed to it', () => {
  it('says whose it is and which group to join', async (context) => {
    await startEngine({})
    chmodSync(dir, 0o755)
    chmodSync(socket, 0)
    const program =
      `import { dockerFindings } from ${JSON.stringify(resolve(import.meta.dirname, 'doctor-docker.ts'))}\n` +
      'console.log(JSON.stringify(await dockerFindings(process.env, false)))'
    const identity = isRoot ? { uid: NOBODY, gid: NOBODY } : {}
    const run = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      env: { ...environment(), HOME: '/' },
      cwd: resolve(import.meta.dirname, '../..'),
      ...identity,
    }).catch((error: { stderr?: string }) => ({ stdout: '', stderr: error.stderr ?? String(error) }))
    if (isRoot && run.stdout === '' && run.stderr.includes('EACCES')) {
      context.skip('this checkout cannot be read by another user')
    }
    const [found, ...others] = JSON.parse(run.stdout)
    expect(others).toEqual([])
    expect(found).toMatchObject({
      name: 'docker',
      status: 'warning',
      remedy: expect.stringContaining('sudo usermod -aG'),
    })
    expect(found.detail).toMatch(/you may not use it \(user \d+, group [\w-]+, mode 000\)/)
  })
})

describeWith(await dockerEngine(), 'the doctor on the real engine', (engine) => {
  it('reads all that it wants to know', async () => {
    const findings = await dockerFindings(process.env, false)
    expect(findings.map(({ name }) => name)).toContain('gpu runtime')
    expect(findings[0]).toMatchObject({ status: 'ok', detail: expect.stringContaining(`engine ${engine.version}`) })
  })
})
