// The product with containers on the real engine: the lab's two servers, two tags of one image, servers of compose.
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RunDocument } from './analysis/run-document.ts'
import { PACKAGE_DIR } from './project.ts'
import { buildImage } from './runtime/docker/build-image.ts'
import { hasNvidiaRuntime } from './runtime/docker/gpus.ts'
import { ensureOwnImage } from './runtime/docker/own-images.ts'
import { describeWith, itWith } from './testing/requirement.ts'
import { BASE_IMAGE, dockerCompose, dockerEngineWithBase } from './testing/requirements.ts'

const MAIN = join(PACKAGE_DIR, 'bench', 'main.ts')
const BUILD_MS = 900_000
const RUN_MS = 120_000

const ENGINE = await dockerEngineWithBase()

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-docker-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function dyno(name: string, ...args: string[]) {
  const out = join(dir, name)
  const options = { cwd: PACKAGE_DIR, encoding: 'utf8', timeout: RUN_MS } as const
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'run', ...args, '--quick', '--out', out], options)
  expect(status, stderr).toBe(0)
  const run = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunDocument
  return { run, stderr, report: readFileSync(join(out, 'report.md'), 'utf8') }
}

describeWith(ENGINE, 'servers in containers', (engine) => {
  const { docker } = engine
  beforeAll(async () => {
    const events = { step: (text: string) => process.stderr.write(`${text}\n`) }
    const request = { projectDir: PACKAGE_DIR, env: process.env, signal: new AbortController().signal, events }
    await ensureOwnImage(engine, 'flask', request)
    await ensureOwnImage(engine, 'triton-cpu', request)
  }, BUILD_MS)

  it(
    'are the lab’s Flask app and Triton: they answer alike, and the report says what exactly ran',
    async () => {
      const { run, report } = dyno('lab', 'scenarios/smoke.yaml', '--runtime', 'docker')
      expect(run.parity).toEqual(expect.arrayContaining([expect.objectContaining({ target: 'triton-grpc', ok: true })]))
      expect(run.cells.map(({ counts }) => counts.failed)).toEqual([0, 0, 0, 0])
      expect(run.environment.docker).toMatch(/^Docker \d+\./)
      const { flask, triton } = run.environment.servers
      expect(flask).toMatchObject({ runtime: 'docker', device: 'cpu', modelSha256: triton?.modelSha256 })
      expect(report).toContain(flask?.imageDigest)
      expect(report).toContain(triton?.imageDigest)
      if (await hasNvidiaRuntime(engine)) return
      expect(triton?.detail).toContain('inference-dyno/triton-cpu:')
      expect(report).toContain(
        '**triton runs on the CPU, in dyno’s own image: the Docker engine has no NVIDIA runtime**',
      )
    },
    RUN_MS,
  )

  it('on the host network have no port published, and answer on 127.0.0.1 only', () => {
    const set = ['--set', 'servers.flask.network=host']
    const { run } = dyno('host', 'scenarios/smoke.yaml', '--runtime', 'docker', '--only', 'flask', ...set)
    expect(run.environment.servers.flask?.detail).toContain('network host')
    expect(run.cells.every(({ counts }) => counts.completed > 0)).toBe(true)
  })

  it(
    'may be two tags of one image, run in turns, each by its own digest',
    async () => {
      const app = mkdtempSync(join(dir, 'app-'))
      copyFileSync(join(PACKAGE_DIR, 'bench/testing/tiny-server.py'), join(app, 'server.py'))
      const name = `inference-dyno/ab-${randomBytes(4).toString('hex')}`
      const waiting = { signal: new AbortController().signal, events: { step() {} } }
      const ids: string[] = []
      for (const version of ['1', '2']) {
        writeFileSync(
          join(app, 'Dockerfile'),
          `FROM ${BASE_IMAGE}\nENV VERSION=${version}\nCOPY server.py /\nCMD ["python3", "/server.py"]\n`,
        )
        const image = { contextDir: app, dockerfile: 'Dockerfile', args: {}, tag: `${name}:${version}` }
        ids.push((await buildImage(engine, image, waiting)).id)
      }
      writeFileSync(
        join(dir, 'ab.yaml'),
        `name: ab
model:
  name: example_model
  inputs: [{ name: x, datatype: FP32, shape: [4] }]
  outputs: [{ name: y, datatype: FP32, shape: [1] }]
servers:
  before: { kind: flask, image: "${name}:1" }
  after: { kind: flask, image: "${ids[1]}" }
targets:
  before: { server: before, api: flask, protocol: http }
  after: { server: after, api: flask, protocol: http }
matrix: { batchSize: [1], load: [{ concurrency: 2 }] }
compare: { baseline: before }
`,
      )
      const { run, stderr } = dyno('ab', join(dir, 'ab.yaml'))
      for (const version of ['1', '2']) await docker.getImage(`${name}:${version}`).remove()
      const { before, after } = run.environment.servers
      expect([before?.imageDigest, after?.imageDigest]).toEqual(ids)
      expect(run.comparisons.map(({ candidate }) => candidate)).toContain('after')
      expect(stderr).toMatch(/trial 1 of 4/)
    },
    RUN_MS,
  )

  itWith(
    dockerCompose(),
    'that compose started are measured as external ones',
    () => {
      const project = `dyno-test-${randomBytes(4).toString('hex')}`
      const file = join(dir, 'compose.yml')
      // Free ports instead of the file's own, which somebody may use.
      const text = readFileSync(join(PACKAGE_DIR, 'docker-compose.cpu.yml'), 'utf8')
        .replaceAll(/"127\.0\.0\.1:\d+:(\d+)"/g, '"127.0.0.1::$1"')
        .replaceAll('context: .', `context: ${PACKAGE_DIR}`)
        .replaceAll('./model_repository', join(PACKAGE_DIR, 'model_repository'))
      writeFileSync(file, text)
      const compose = (...args: string[]) =>
        execFileSync('docker', ['compose', '--file', file, '--project-name', project, ...args], { encoding: 'utf8' })
      // The classic builder shares the layers that dyno's own build made.
      process.env.DOCKER_BUILDKIT = '0'
      try {
        compose('up', '--build', '--wait', '--quiet-pull')
        const at = (service: string, port: number) => compose('port', service, String(port)).trim()
        const external = `kind: external, url: "http://${at('triton', 8000)}", grpcUrl: "${at('triton', 8001)}"`
        const scenario = readFileSync(join(PACKAGE_DIR, 'scenarios/smoke.yaml'), 'utf8')
          .replace('kind: flask', `kind: external, url: "http://${at('flask', 5000)}"`)
          .replace('kind: triton', external)
        writeFileSync(join(dir, 'external.yaml'), scenario)
        const { run } = dyno('external', join(dir, 'external.yaml'))
        expect(run.parity.every(({ ok }) => ok)).toBe(true)
        expect(run.cells.every(({ counts }) => counts.completed > 0 && counts.failed === 0)).toBe(true)
      } finally {
        compose('down', '--volumes', '--timeout', '1')
      }
    },
    BUILD_MS,
  )
})
