// Stored runs, compared and judged, and windows that go on until they are precise.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dyno } from './testing/command-line.ts'
import { dir, run, scenario, serve, world } from './testing/fake-run.ts'

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
