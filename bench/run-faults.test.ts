import { describe, expect, it } from 'vitest'
import type { RunDocument } from './analysis/run-document.ts'
import type { FakeServerOptions } from './testing/fake-inference-server.ts'
import { run, scenario, serve } from './testing/fake-run.ts'

describe('a target that', () => {
  const cellsOf = (document: RunDocument, target: string) => document.cells.filter((cell) => cell.target === target)
  const kinds = (document: RunDocument) =>
    new Set(cellsOf(document, 'other').flatMap(({ errors }) => Object.keys(errors)))
  const codes = (document: RunDocument, target: string) =>
    new Set<string>(cellsOf(document, target).flatMap(({ problems }) => problems.map(({ code }) => code)))

  it.each<[string, FakeServerOptions, RegExp, string]>([
    ['answers 500', { status: 500 }, /500/, 'refused'],
    ['answers garbage', { garbage: true }, /request 0/, 'bad-answer'],
    ['answers 200 with nothing in it', { empty: true }, /request 0/, 'bad-answer'],
    ['never answers', { silent: true }, /no answer/, 'refused'],
    ['answers other numbers', { offset: 0.1 }, /instead of/, 'outputs-disagree'],
  ])('%s fails its own cells only, and the run is not trusted', async (_what, options, reason, code) => {
    const { exitCode, document } = await run(scenario(await serve(), await serve(options)))
    expect(exitCode).toBe(3)
    const parity = document.parity.find((entry) => entry.target === 'other')
    expect(parity).toMatchObject({ ok: false })
    expect(parity?.reason).toMatch(reason)
    expect(codes(document, 'other')).toContain(code)
    for (const target of ['flask', 'grpc']) {
      expect(codes(document, target)).not.toContain(code)
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
