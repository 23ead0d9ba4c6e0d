// A server that is cold for longer than the warm-up, as a user meets it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RunDocument } from './analysis/run-document.ts'
import { dyno } from './testing/command-line.ts'
import { type FakeServer, startFakeServer } from './testing/fake-inference-server.ts'

let dir: string
let servers: readonly FakeServer[]

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-cold-'))
  // Every trial opens connections of its own, and so finds the second one cold.
  servers = await Promise.all([startFakeServer({ latencyMs: 1 }), startFakeServer({ latencyMs: 1, coldMs: 350 })])
})
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()))
  rmSync(dir, { recursive: true, force: true })
})

it('is named with the warm-up to write, beside one that settled', async () => {
  const [warm, cold] = servers.map(({ url }) => url)
  const path = join(dir, 'scenario.yaml')
  writeFileSync(
    path,
    `name: cold
model:
  name: example_model
  inputs: [{ name: keras_tensor, datatype: FP32, shape: [4] }]
  outputs: [{ name: output_0, datatype: FP32, shape: [1] }]
servers: { one: { kind: external, url: "${warm}" }, other: { kind: external, url: "${cold}" } }
targets:
  warm: { server: one, api: flask, protocol: http }
  cold: { server: other, api: flask, protocol: http }
measure: { warmup: 250ms, duration: 400ms, repetitions: 5 }
`,
  )
  const out = join(dir, 'out')
  const { stdout } = await dyno({ cwd: dir, stateDir: join(dir, 'state') }, 'run', path, '--out', out)
  const { cells } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunDocument
  const [one, other] = cells
  expect(other?.warmup).toEqual({ lengthMs: 250, settledAfterMs: null })
  expect(other?.problems).toContainEqual({
    code: 'not-steady',
    message: expect.stringMatching(/at the end of the warm-up answers still took \d+ % longer/) as string,
    remedy: 'warm up longer: measure.warmup: 1s',
  })
  expect(one?.warmup?.settledAfterMs).not.toBeNull()
  expect(one?.problems.map(({ code }) => code)).not.toContain('not-steady')
  expect(stdout).toContain('the server had not settled')
  expect(readFileSync(join(out, 'report.md'), 'utf8')).toMatch(/Warm-up of 250 ms: settled in 1 of 2 cells/)
})
