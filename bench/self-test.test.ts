// What the self-test measures, without measuring it: its scenario, and what its flags refuse.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadScenario, NO_OVERRIDES } from './scenario/load-scenario.ts'
import { selfTestScenario } from './self-test.ts'
import { dyno } from './testing/command-line.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-self-test-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

it('measures five windows of the length that was asked for', async () => {
  const path = join(dir, 'scenario.yaml')
  writeFileSync(path, selfTestScenario({ before: 'http://127.0.0.1:1', after: 'http://127.0.0.1:2', windowMs: 5000 }))
  const { scenario } = await loadScenario(path, NO_OVERRIDES)
  expect(scenario.measure).toMatchObject({ durationMs: 5000, repetitions: 5 })
})

it.each(['5', '0s', '99ms', 'long'])('refuses --window %s before it starts anything', async (window) => {
  const world = { cwd: dir, stateDir: join(dir, 'state') }
  const { exitCode, stderr } = await dyno(world, 'gate', '--self-test', '--window', window)
  expect(exitCode).toBe(2)
  expect(stderr).toContain(`--window cannot be '${window}'`)
  expect(stderr).toContain('--window 5s')
})
