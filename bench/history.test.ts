// dyno history as a user has it: run directories on disk in, text and a page out.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RunDocument } from './analysis/run-document.ts'
import { estimate, makeCell, makeRun, problem } from './gate/gate-fixture.ts'
import { dyno } from './testing/command-line.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-history-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const history = (...args: string[]) => dyno({ cwd: dir, stateDir: join(dir, 'state') }, 'history', dir, ...args)

function store(day: number, changed: Partial<RunDocument> = {}): void {
  const startedAt = `2026-01-${String(day).padStart(2, '0')}T00:00:00Z`
  const run = makeRun({ id: `run-${day}`, startedAt, ...changed })
  mkdirSync(join(dir, run.id))
  writeFileSync(join(dir, run.id, 'run.json'), JSON.stringify(run))
}

const withP99 = (value: number) => ({ cells: [makeCell({ p99: estimate(value) })] })

/** Twelve runs of about 10 ms, then six of about 12 ms. */
function storeStep(): void {
  for (let day = 1; day <= 18; day++) store(day, withP99((day > 12 ? 12 : 10) + (day % 3) * 0.1))
}

it('lists the runs, oldest first, each once', async () => {
  store(2)
  store(1, { gate: { status: 'fail', findings: [] } })
  symlinkSync('run-2', join(dir, 'latest'))
  const { exitCode, stdout } = await history()
  expect(exitCode).toBe(0)
  const lines = stdout.trim().split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[1]).toMatch(/^2026-01-01 00:00:00 {2}smoke .* run-1 .* fail$/)
  expect(lines[2]).toContain('run-2')
})

it('names the run from which on a metric changed its level, and draws it', async () => {
  storeStep()
  const page = join(dir, 'page.html')
  const { stdout } = await history('--metric', 'p99', '--out', page)
  expect(stdout).toMatch(
    /triton, batch 4, concurrency 8: \+\d+ % from 2026-01-13 00:00:00 on \(run run-13, p 0\.00\d\)/,
  )
  const html = readFileSync(page, 'utf8')
  expect(html).toContain('run run-13')
  expect(html.match(/<svg/g)).toHaveLength(2)
  expect(html).toContain("script-src 'none'")
})

it('leaves out runs of unlike machines, spoiled cells and files that are no runs, and says so', async () => {
  store(1, withP99(5))
  store(2, { environment: { ...makeRun().environment, cores: 64 }, ...withP99(50) })
  store(3, { cells: [makeCell({ p99: estimate(500), problems: [problem('generator-limited')] })] })
  store(4, withP99(5))
  mkdirSync(join(dir, 'broken'))
  writeFileSync(join(dir, 'broken', 'run.json'), '{"schemaVersion":1}')
  const { stdout, stderr } = await history('--metric', 'p99')
  expect(stdout).toContain('5.00 → 5.00')
  expect(stderr).toContain('left out: run-2: unlike the newest run: cores: 64 against 2')
  expect(stderr).toContain('left out: broken: run.json is of another version of dyno, or damaged')
  const forced = await history('--metric', 'p99', '--force', '--json')
  expect(JSON.parse(forced.stdout)[0].points).toHaveLength(3)
})

it('escapes what a run says of itself', async () => {
  const name = '<img src=x onerror=alert(1)>'
  store(1, { scenario: { ...makeRun().scenario, name } })
  store(2, { scenario: { ...makeRun().scenario, name } })
  const page = join(dir, 'page.html')
  await history('--metric', 'p50', '--out', page)
  expect(readFileSync(page, 'utf8')).not.toContain('<img')
})

it.each([
  [['--metric', 'p9'], 'did you mean --metric p90?'],
  [['--metric', 'p99', '--scenario', 'smok'], 'did you mean --scenario smoke?'],
  [['--metric', 'p99', '--only', 'nobody'], 'choose another --metric or --only'],
  [['--out', 'x.html'], 'write: dyno history --metric p99 --out x.html'],
])('refuses %j, and says what to type', async (args, hint) => {
  store(1)
  const { exitCode, stderr } = await history(...args)
  expect(exitCode).toBe(2)
  expect(stderr).toContain(hint)
})

it('says what to do where there are no runs', async () => {
  const { exitCode, stderr } = await dyno({ cwd: dir, stateDir: join(dir, 'state') }, 'history', 'none')
  expect(exitCode).toBe(2)
  expect(stderr).toContain('measure first')
})
