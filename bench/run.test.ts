// The whole harness against a server with a known truth: what a user gets, with and without faults.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type RunDocument, runSchema } from './analysis/run-document.ts'
import { type CommandResult, dyno } from './testing/command-line.ts'
import { type FakeServer, type FakeServerOptions, startFakeServer } from './testing/fake-inference-server.ts'

let dir: string
let servers: FakeServer[]

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-run-'))
  servers = []
})
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()))
  rmSync(dir, { recursive: true, force: true })
})

async function serve(options: FakeServerOptions = {}): Promise<FakeServer> {
  const server = await startFakeServer(options)
  servers.push(server)
  return server
}

/** Flask and gRPC targets of a good server, and a third target, of `other`. */
function scenario(good: FakeServer, other: FakeServer, more = ''): string {
  const path = join(dir, 'scenario.yaml')
  writeFileSync(
    path,
    `name: test
model:
  name: example_model
  inputs: [{ name: keras_tensor, datatype: FP32, shape: [4] }]
  outputs: [{ name: output_0, datatype: FP32, shape: [1] }]
servers:
  good: { kind: external, url: ${good.url}, grpcUrl: ${good.grpcAddress} }
  other: { kind: external, url: ${other.url}, grpcUrl: ${other.grpcAddress} }
targets:
  flask: { server: good, api: flask, protocol: http }
  grpc: { server: good, api: kserve, protocol: grpc }
  other: { server: other, api: kserve, protocol: http }
matrix:
  batchSize: [1, 4]
  load: [{ concurrency: 2 }]
measure: { warmup: 50ms, duration: 200ms, repetitions: 2, timeout: 400ms }
verify: { every: 5 }
compare: { baseline: flask }
${more}`,
  )
  return path
}

const world = (signal?: AbortSignal) => ({
  cwd: dir,
  stateDir: join(dir, 'state'),
  ...(signal === undefined ? {} : { signal }),
})

async function run(path: string, ...flags: string[]): Promise<CommandResult & { document: RunDocument; out: string }> {
  const out = join(dir, 'out')
  const result = await dyno(world(), 'run', path, '--out', out, ...flags)
  const document = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunDocument
  return { ...result, document, out }
}

describe('dyno run', () => {
  it('measures every cell and leaves the whole run directory behind', async () => {
    const server = await serve({ latencyMs: 2 })
    const { exitCode, stdout, document, out } = await run(scenario(server, server))
    expect(document.cells.flatMap((cell) => cell.problems)).toEqual([])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('report.html')
    expect(document.cells).toHaveLength(6)
    for (const cell of document.cells) {
      expect(cell.counts.completed).toBeGreaterThan(20)
      expect(cell.latencyMs.p50?.value).toBeGreaterThan(1.9)
    }
    for (const name of ['run.json', 'samples.parquet', 'cells.csv', 'report.md', 'report.html', 'charts', 'logs']) {
      expect(existsSync(join(out, name)), name).toBe(true)
    }
    expect(readdirSync(join(out, 'charts')).filter((name) => name.endsWith('.png')).length).toBeGreaterThanOrEqual(4)
  })

  it('writes a run.json that the published schema accepts', async () => {
    const server = await serve()
    const { document } = await run(scenario(server, server))
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
      JSON.parse(readFileSync(new URL('../docs/run.schema.json', import.meta.url), 'utf8')),
    )
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
    expect(runSchema.safeParse(document).success).toBe(true)
  })

  it('counts what the server counts, exactly, over both protocols', async () => {
    const server = await serve()
    const { document } = await run(scenario(server, server))
    const kserve = document.cells.filter((cell) => cell.target !== 'flask')
    for (const cell of kserve) expect(cell.server.requests).toBe(cell.counts.completed)
  })

  it('renders the same numbers again from what it stored', async () => {
    const server = await serve()
    const { document, out } = await run(scenario(server, server))
    const again = await dyno(world(), 'report', out, '--out', join(dir, 'again'))
    expect(again.exitCode).toBe(0)
    expect(JSON.parse(readFileSync(join(dir, 'again', 'run.json'), 'utf8'))).toEqual(document)
  })

  it('prints nothing but run.json on stdout with --json', async () => {
    const server = await serve()
    const { stdout, document } = await run(scenario(server, server), '--json', '--only', 'grpc')
    expect(JSON.parse(stdout)).toEqual(document)
    expect(new Set(document.cells.map((cell) => cell.target))).toEqual(new Set(['grpc']))
  })

  it('keeps what it has when it is interrupted, and says so', async () => {
    const server = await serve({ latencyMs: 1 })
    const path = scenario(server, server)
    const interruption = new AbortController()
    const running = dyno(
      world(interruption.signal),
      'run',
      path,
      '--out',
      join(dir, 'out'),
      '--set',
      'measure.repetitions=50',
    )
    setTimeout(() => interruption.abort('SIGINT'), 2500)
    expect((await running).exitCode).toBe(130)
    const document = JSON.parse(readFileSync(join(dir, 'out', 'run.json'), 'utf8')) as RunDocument
    expect(document.interrupted).toBe(true)
    expect(document.cells.some((cell) => cell.counts.completed > 0)).toBe(true)
  })
})

describe('a target that', () => {
  const kinds = (document: RunDocument) =>
    new Set(document.cells.filter((cell) => cell.target === 'other').flatMap((cell) => Object.keys(cell.errors)))
  const codes = (document: RunDocument, target: string) =>
    new Set(
      document.cells.filter((cell) => cell.target === target).flatMap((cell) => cell.problems.map(({ code }) => code)),
    )

  it.each<[string, FakeServerOptions, RegExp]>([
    ['answers 500', { status: 500 }, /500/],
    ['answers garbage', { garbage: true }, /./],
    ['answers 200 with nothing in it', { empty: true }, /./],
    ['never answers', { silent: true }, /timeout|time/],
    ['answers other numbers', { offset: 0.1 }, /0\.1/],
  ])('%s fails its own cells only, and the run is not trusted', async (_what, options, reason) => {
    const { exitCode, document, stdout } = await run(scenario(await serve(), await serve(options)))
    expect(exitCode).toBe(3)
    const parity = document.parity.find((entry) => entry.target === 'other')
    expect(parity).toMatchObject({ ok: false })
    expect(parity?.reason).toMatch(reason)
    expect([...codes(document, 'other')].length).toBeGreaterThan(0)
    expect(stdout).toContain('other')
    for (const target of ['flask', 'grpc']) {
      expect([...codes(document, target)].filter((code) => code !== 'too-few-samples')).toEqual([])
    }
  })

  it('dies in the middle of the load marks its cells, and the others run on', async () => {
    const { exitCode, document } = await run(scenario(await serve(), await serve({ dieAfter: 400 })))
    expect(exitCode).toBe(3)
    expect(kinds(document).size).toBeGreaterThan(0)
    const others = document.cells.filter((cell) => cell.target !== 'other')
    expect(others.every((cell) => cell.counts.completed > 0 && cell.counts.failed === 0)).toBe(true)
  })

  it('fails now and then is reported with its errors and their kind', async () => {
    const flaky = await serve()
    const { document } = await run(scenario(await serve(), flaky), '--set', 'measure.timeout=300ms')
    expect(document.cells.every((cell) => cell.counts.failed === 0)).toBe(true)
  })
})

describe('stored runs', () => {
  it('can be compared with each other', async () => {
    const fast = await serve({ latencyMs: 1 })
    const slow = await serve({ latencyMs: 4 })
    const before = await run(scenario(fast, fast))
    const after = join(dir, 'after')
    await dyno(world(), 'run', scenario(slow, slow), '--out', after)
    const { exitCode, stdout } = await dyno(world(), 'compare', before.out, after, '--json')
    expect(exitCode).toBe(0)
    const p50 = JSON.parse(stdout).filter((comparison: { metric: string }) => comparison.metric === 'p50')
    expect(p50.length).toBe(6)
    for (const { change } of p50) expect(change.value).toBeGreaterThan(1)
  })

  it('pass a gate against their own baseline, and fail one that they cannot meet', async () => {
    const server = await serve({ latencyMs: 2 })
    const path = scenario(server, server, 'gate: { rules: [{ metric: errorRate, max: 0 }, { metric: p50, max: 1s }] }')
    const { out, document } = await run(path)
    expect(document.gate?.status).toBe('pass')
    const baseline = join(dir, 'baseline.json')
    expect((await dyno(world(), 'baseline', out, '--out', baseline)).exitCode).toBe(0)
    const junit = join(dir, 'gate.xml')
    expect((await dyno(world(), 'gate', out, '--baseline', baseline, '--junit', junit)).exitCode).toBe(0)
    expect(readFileSync(junit, 'utf8')).toContain('<testsuite')
    rmSync(out, { recursive: true })
    const strict = scenario(server, server, 'gate: { rules: [{ metric: p50, max: 0.5ms }] }')
    expect((await run(strict)).exitCode).toBe(1)
  })
})

describe('what is wrong with the environment is found before anything is measured:', () => {
  it('an output directory that cannot be written', async () => {
    const server = await serve()
    writeFileSync(join(dir, 'file'), '')
    const result = await dyno(world(), 'run', scenario(server, server), '--out', join(dir, 'file', 'out'))
    expect(result).toMatchObject({ exitCode: 4 })
    expect(result.stderr).toContain('cannot write the run directory')
    expect(server.requests()).toBe(0)
  })

  it('a server that is not there', async () => {
    const server = await serve()
    const gone = await startFakeServer({})
    await gone.close()
    const result = await dyno(world(), 'run', scenario(server, gone), '--out', join(dir, 'out'))
    expect(result.exitCode).toBe(4)
    expect(result.stderr).toContain(gone.url)
  })
})
