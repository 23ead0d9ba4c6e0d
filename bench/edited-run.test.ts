// A stored run that was edited or planted: its text is shown without escapes and markup, and what is no run is refused.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { PACKAGE_DIR } from './core/package-dir.ts'
import { dyno } from './testing/command-line.ts'

let dir: string
let run: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-edited-'))
  run = join(dir, 'run')
  for (const name of ['header.json', 'measurements.jsonl', 'samples.parquet']) {
    cpSync(join(PACKAGE_DIR, 'reports', 'example', name), join(run, name))
  }
})
afterEach(() => rmSync(dir, { recursive: true }))

const world = () => ({ cwd: dir, stateDir: join(dir, 'state') })

function edit(change: (header: Record<string, unknown>) => void): void {
  const path = join(run, 'header.json')
  const header = JSON.parse(readFileSync(path, 'utf8'))
  change(header)
  writeFileSync(path, JSON.stringify(header))
}

it.each<[string, (header: Record<string, unknown>) => void]>([
  ['markup for a time', (header) => Object.assign(header, { startedAt: '<meta http-equiv=refresh content=0>' })],
  ['text for a number', (header) => Object.assign(header, { seed: 'seven' })],
  ['no scenario', (header) => Object.assign(header, { scenario: null })],
  ['no environment', (header) => Object.assign(header, { environment: {} })],
  ['cells that are none', (header) => Object.assign(header, { parity: [1] })],
])('%s in the header is refused, and named', async (_, change) => {
  edit(change)
  const { exitCode, stderr } = await dyno(world(), 'report', run, '--out', join(dir, 'out'))
  expect(exitCode).toBe(2)
  expect(stderr).toContain('[run-unreadable]')
})

it('escapes of a server or a scenario reach neither the terminal nor a report', async () => {
  const hostile = '\x1b]0;owned\x07\u202egpj\x1b[2J<img src=x>'
  edit((header) => {
    const scenario = header.scenario as { description: string }
    scenario.description = hostile
    const parity = header.parity as { reason: string | null; ok: boolean }[]
    Object.assign(parity[0] ?? {}, { ok: false, reason: hostile })
  })
  const out = join(dir, 'out')
  const { exitCode, stdout, stderr } = await dyno(world(), 'report', run, '--out', out)
  expect(exitCode).toBe(0)
  const files = ['report.md', 'report.html', 'cells.csv', 'run.json'].map((name) =>
    readFileSync(join(out, name), 'utf8'),
  )
  for (const text of [stdout, stderr, ...files]) {
    for (const unsafe of ['\x1b', '\x07', '\u202e']) expect(text.includes(unsafe)).toBe(false)
  }
  expect(files[1]).not.toContain('<img src=x>')
}, 60_000)
