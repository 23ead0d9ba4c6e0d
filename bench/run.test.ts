// The whole harness against a server with a known truth: what a user gets, with and without faults.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
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
measure: { warmup: 20ms, duration: 100ms, repetitions: 2, timeout: 400ms }
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
  it('tells how cold each target started, and which answers what it has seen from a cache', async () => {
    const caching = await serve({ latencyMs: 4, caches: true })
    const { document, stdout, out } = await run(scenario(await serve({ latencyMs: 4 }), caching))
    expect(document.coldStart.map(({ target }) => target)).toEqual(['flask', 'grpc', 'other'])
    for (const { readyMs, firstMs, laterMs } of document.coldStart) {
      expect(readyMs).toBeNull()
      expect(firstMs).toBeGreaterThan(3.9)
      expect(laterMs).toBeGreaterThan(3.9)
    }
    expect(document.cacheAudit.filter(({ suspected }) => suspected).map(({ target }) => target)).toEqual(['other'])
    const suspected = document.cells.filter(({ problems }) => problems.some(({ code }) => code === 'cache-suspected'))
    expect(new Set(suspected.map(({ target }) => target))).toEqual(new Set(['other']))
    expect(stdout).toContain('the load repeats 64 inputs')
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('inputs never seen (ms)')
  })

  it('measures every cell, counts as the server does, and leaves the whole run directory behind', async () => {
    const server = await serve({ latencyMs: 2 })
    const { exitCode, stdout, document, out } = await run(scenario(server, server))
    expect(exitCode).toBe(0)
    expect(stdout).toContain('report.html')
    expect(document.cells).toHaveLength(6)
    for (const cell of document.cells) {
      expect(cell.counts.completed).toBeGreaterThan(20)
      expect(cell.counts.failed).toBe(0)
      expect(cell.latencyMs.p50?.value).toBeGreaterThan(1.9)
      // 100 requests are no p99, and the cell says how many would be.
      expect(cell.latencyMs.p99).toBeNull()
      expect(cell.problems.find(({ code }) => code === 'too-few-samples')?.message).toMatch(/p9\d takes \d+/)
      expect(cell.server.requests).toBe(cell.target === 'flask' ? null : cell.counts.completed)
    }
    for (const name of ['run.json', 'samples.parquet', 'cells.csv', 'report.md', 'report.html', 'charts', 'logs']) {
      expect(existsSync(join(out, name)), name).toBe(true)
    }
    expect(readdirSync(join(out, 'charts')).filter((name) => name.endsWith('.png')).length).toBeGreaterThanOrEqual(4)
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
      JSON.parse(readFileSync(new URL('../docs/run.schema.json', import.meta.url), 'utf8')),
    )
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
    expect(runSchema.safeParse(document).success).toBe(true)

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
    const flags = ['--out', join(dir, 'out'), '--set', 'measure.repetitions=50']
    const running = dyno(world(interruption.signal), 'run', path, ...flags)
    const stored = () => statSync(join(dir, 'out', 'measurements.jsonl'), { throwIfNoEntry: false })?.size ?? 0
    while (stored() === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    interruption.abort('SIGINT')
    expect((await running).exitCode).toBe(130)
    const document = JSON.parse(readFileSync(join(dir, 'out', 'run.json'), 'utf8')) as RunDocument
    expect(document.interrupted).toBe(true)
    expect(document.cells.some((cell) => cell.counts.completed > 0)).toBe(true)
  })
})

describe('a target that', () => {
  const cellsOf = (document: RunDocument, target: string) => document.cells.filter((cell) => cell.target === target)
  const kinds = (document: RunDocument) =>
    new Set(cellsOf(document, 'other').flatMap(({ errors }) => Object.keys(errors)))
  const codes = (document: RunDocument, target: string) =>
    new Set<string>(cellsOf(document, target).flatMap(({ problems }) => problems.map(({ code }) => code)))

  it.each<[string, FakeServerOptions, RegExp]>([
    ['answers 500', { status: 500 }, /500/],
    ['answers garbage', { garbage: true }, /request 0/],
    ['answers 200 with nothing in it', { empty: true }, /request 0/],
    ['never answers', { silent: true }, /no answer/],
    ['answers other numbers', { offset: 0.1 }, /instead of/],
  ])('%s fails its own cells only, and the run is not trusted', async (_what, options, reason) => {
    const { exitCode, document } = await run(scenario(await serve(), await serve(options)))
    expect(exitCode).toBe(3)
    const parity = document.parity.find((entry) => entry.target === 'other')
    expect(parity).toMatchObject({ ok: false })
    expect(parity?.reason).toMatch(reason)
    expect(codes(document, 'other')).toContain('outputs-disagree')
    for (const target of ['flask', 'grpc']) {
      expect(codes(document, target)).not.toContain('outputs-disagree')
      expect(cellsOf(document, target).every(({ counts }) => counts.completed > 0 && counts.failed === 0)).toBe(true)
    }
  })

  it('dies in the middle of the load marks its cells, and the others run on', async () => {
    const { exitCode, document } = await run(scenario(await serve(), await serve({ dieAfter: 200 })))
    expect(exitCode).toBe(3)
    expect(kinds(document)).toContain('connect')
    for (const target of ['flask', 'grpc']) {
      expect(cellsOf(document, target).every(({ counts }) => counts.completed > 0 && counts.failed === 0)).toBe(true)
    }
  })

  it('fails now and then is reported with the kind and the number of its failures', async () => {
    // Every 301st: the 128 requests of the agreement check come through.
    const { document } = await run(scenario(await serve(), await serve({ status: 503, statusEvery: 301 })))
    expect([...kinds(document)]).toEqual(['status:503'])
    expect(codes(document, 'other')).toContain('error-rate')
  })
})

describe('stored runs', () => {
  const few = ['--set', 'matrix.batchSize=[1]']

  it('can be compared with each other', async () => {
    const fast = await serve()
    const slow = await serve({ latencyMs: 4 })
    const before = await run(scenario(fast, fast), ...few)
    const after = join(dir, 'after')
    await dyno(world(), 'run', scenario(slow, slow), '--out', after, ...few)
    const { exitCode, stdout } = await dyno(world(), 'compare', before.out, after, '--json')
    expect(exitCode).toBe(0)
    const p50 = JSON.parse(stdout).filter((comparison: { metric: string }) => comparison.metric === 'p50')
    expect(p50.length).toBe(3)
    for (const { change } of p50) expect(change.value).toBeGreaterThan(1)
  })

  it('pass a gate against their own baseline', async () => {
    const server = await serve({ latencyMs: 2 })
    const path = scenario(server, server, 'gate: { rules: [{ metric: errorRate, max: 0 }, { metric: p50, max: 1h }] }')
    const { out, document } = await run(path)
    expect(document.gate?.status).toBe('pass')
    const baseline = join(dir, 'baseline.json')
    expect((await dyno(world(), 'baseline', out, '--out', baseline)).exitCode).toBe(0)
    const junit = join(dir, 'gate.xml')
    expect((await dyno(world(), 'gate', out, '--baseline', baseline, '--junit', junit)).exitCode).toBe(0)
    expect(readFileSync(junit, 'utf8')).toContain('<testsuite')
  })

  it('measure once more what would fail, unless told not to', async () => {
    // Far beyond the limit, and three of them: an interval of two is so wide that a busy machine straddles any.
    const server = await serve({ latencyMs: 2 })
    const three = [...few, '--set', 'measure.repetitions=3']
    const strict = scenario(server, server, 'gate: { rules: [{ metric: p50, max: 50us }] }')
    const failed = await run(strict, ...three)
    expect(failed.exitCode).toBe(1)
    // Every cell failed, so every one was measured once more before the verdict, by as many repetitions.
    for (const cell of failed.document.cells) expect(cell.repetitions).toBe(6)
    for (const { why } of failed.document.gate?.findings ?? []) expect(why).toContain('; measured once more: ')
    const again = JSON.parse((await dyno(world(), 'gate', failed.out, '--json')).stdout)
    expect(again).toEqual(failed.document.gate)
    rmSync(failed.out, { recursive: true })
    const hasty = scenario(server, server, 'gate: { confirm: false, rules: [{ metric: p50, max: 50us }] }')
    const { document: unconfirmed, exitCode } = await run(hasty, ...three)
    expect(exitCode).toBe(1)
    for (const cell of unconfirmed.cells) expect(cell.repetitions).toBe(3)
  })
})

describe('duration: auto', () => {
  const AUTO = ['--set', 'measure.duration=auto', '--set', 'measure.repetitions=3', '--only', 'flask,grpc']
  const MATRIX = ['--set', 'matrix.batchSize=[1]', '--set', 'matrix.load=[{ concurrency: 8 }]']
  const auto = (spec: string) => [...AUTO, ...MATRIX, '--set', `measure.auto=${spec}`]

  it('stops as soon as the cells of a steady server are precise', async () => {
    const server = await serve({ latencyMs: 2 })
    const { document, exitCode, stderr, out } = await run(
      scenario(server, server),
      ...auto('{ window: 100ms, p50: 200%, p99: 900%, limit: 4s }'),
    )
    expect(exitCode).toBe(0)
    expect(document.cells).toHaveLength(2)
    for (const cell of document.cells) {
      // Three looks in a row are two rounds at least; the limit would be 40 repetitions.
      expect(cell.repetitions).toBeGreaterThanOrEqual(5)
      expect(cell.repetitions).toBeLessThan(40)
      expect(cell.problems.map(({ code }) => code)).not.toContain('not-precise')
    }
    // The targets of a block are measured alike, so that they stay paired.
    expect(new Set(document.cells.map(({ repetitions }) => repetitions)).size).toBe(1)
    expect(stderr).toContain('2 of 2 cells not known precisely by 3 repetitions: 1 more, 2 trials')
    const again = await dyno(world(), 'report', out, '--out', join(dir, 'again'))
    expect(again.exitCode).toBe(0)
    expect(JSON.parse(readFileSync(join(dir, 'again', 'run.json'), 'utf8'))).toEqual(document)
  })

  it('stops at the limit, keeps the numbers, says how precise they are, and lets the gate confirm beyond it', async () => {
    const server = await serve({ latencyMs: 2 })
    const gate = 'gate: { rules: [{ metric: p50, target: flask, max: 0.5ms }] }'
    const { document, exitCode } = await run(
      scenario(server, server, gate),
      ...auto('{ window: 50ms, p50: 0.1%, p99: 0.1%, limit: 250ms }'),
    )
    expect(exitCode).toBe(1)
    // Five windows fit into the limit; the gate's suspect has as many again.
    expect(document.cells.map(({ target, repetitions }) => [target, repetitions])).toEqual([
      ['flask', 10],
      ['grpc', 5],
    ])
    for (const cell of document.cells) {
      expect(cell.latencyMs.p50?.value).toBeGreaterThan(1.9)
      const problem = cell.problems.find(({ code }) => code === 'not-precise')
      expect(problem?.message).toMatch(/p50 is known to ±[\d.]+ % \(wanted: ±0.1 %\)/)
    }
    expect(document.gate?.findings[0]?.why).toContain('; measured once more: ')
  })

  it('does not wait for a target that answers nothing right', async () => {
    const { document } = await run(
      scenario(await serve(), await serve({ offset: 0.1 })),
      ...['--set', 'measure.duration=auto', '--set', 'measure.repetitions=3', '--only', 'flask,other'],
      ...MATRIX,
      ...['--set', 'measure.auto={ window: 50ms, p50: 1000%, p99: 1000%, limit: 2s }'],
    )
    for (const cell of document.cells) expect(cell.repetitions).toBeLessThan(20)
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
