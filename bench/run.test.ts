// The whole harness against a server with a known truth: what a user gets. (Faults: run-faults.test.ts.)
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { type RunDocument, runSchema } from './analysis/run-document.ts'
import { dyno } from './testing/command-line.ts'
import { startFakeServer } from './testing/fake-inference-server.ts'
import { dir, run, scenario, serve, world } from './testing/fake-run.ts'

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
    expect(stdout).toContain('the load repeats its inputs')
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
    const result = await dyno(
      world(),
      'run',
      scenario(server, gone),
      '--out',
      join(dir, 'out'),
      '--set',
      'servers.other.startTimeout=1s',
    )
    expect(result.exitCode).toBe(4)
    expect(result.stderr).toContain(gone.url)
  })
})
