// The script as a process, beside its neighbour, against two built-in servers: interrupted after the first run.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { calibrationAnswer } from '../calibration/answers.ts'
import { knownLatency } from '../calibration/behaviour.ts'
import { startCalibrationHost } from '../calibration/server.ts'
import { SELF_TEST_MODEL, selfTestScenario } from '../self-test.ts'
import type { GateTrialsDocument } from './render.ts'

const MAIN = 'bench/gate-trials/main.ts'

it('prints what was done until Ctrl-C, and ends with 130', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'dyno-gate-trials-'))
  const host = await startCalibrationHost(null)
  try {
    const scenario = join(dir, 'scenario.yaml')
    const answer = calibrationAnswer({ api: 'flask', protocol: 'http', tensors: 'json' }, SELF_TEST_MODEL, 1)
    const serve = async (seed: number) => {
      const behaviour = { ...knownLatency({ kind: 'log-normal', medianMs: 2, sigma: 0.3 }), seed }
      return (await host.serve({ protocol: 'http', answer, behaviour })).address
    }
    writeFileSync(scenario, selfTestScenario({ before: await serve(1), after: await serve(2), windowMs: 100 }))
    const short = ['--set', 'measure.repetitions=2', '--set', 'matrix.load=[{ concurrency: 4 }]']
    const json = join(dir, 'trials.json')
    const child = spawn(process.execPath, [MAIN, '--scenario', scenario, ...short, '--neighbour', '--json', json], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const stdout = text(child.stdout)
    child.stderr.on('data', (line) => `${line}`.includes('seed 1: ') && child.kill('SIGINT'))
    const [code] = await once(child, 'exit')
    expect(code).toBe(130)
    expect(await stdout).toContain('1 of 30 runs from seed 1 on')
    const document: GateTrialsDocument = JSON.parse(readFileSync(json, 'utf8'))
    expect(document).toMatchObject({ neighbour: true, wantedRuns: 30, outcomes: [{ seed: 1 }] })
    expect(document.outcomes[0]?.comparisons).toBeGreaterThan(0)
  } finally {
    await host.close()
    rmSync(dir, { recursive: true, force: true })
  }
})

it.each([
  [['--scenario', 'scenarios/smoke.yaml'], 'has no gate'],
  [['--neighbor'], 'did you mean --neighbour?'],
  [['--runs', '0'], 'write a whole number from 1 to 10000'],
  [['scenarios/flask-aa.yaml'], 'see: npm run bench:gate -- --help'],
])('refuses %j', async (args, message) => {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  expect(code).toBe(2)
  expect(stderr).toContain(message)
})
