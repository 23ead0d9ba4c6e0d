// The CI job's own script on the real Flask app: an unchanged app passes, a slowed one fails, and the summary names the cell.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { itWith } from './testing/requirement.ts'
import { pythonEnvironment } from './testing/requirements.ts'

const SCRIPT = resolve('ci/gate.sh')
/** Two apps start, and suspects are measured twice. */
const TIMEOUT_MS = 240_000
const SHORT = '--set measure.duration=1s'

/** The Flask app takes no libpython. */
const PYTHON = await pythonEnvironment('serve', { libpython: false })

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-ci-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

interface Ended {
  readonly exitCode: number | string
  readonly stdout: string
  readonly stderr: string
}

/** As action.yml calls it. */
function gate(inputs: Readonly<Record<string, string>>): Promise<Ended> {
  const env = { ...process.env, DYNO_OUT: join(dir, 'out'), GITHUB_STEP_SUMMARY: join(dir, 'summary.md'), ...inputs }
  return new Promise((done) => {
    execFile(SCRIPT, { env, timeout: TIMEOUT_MS }, (error, stdout, stderr) =>
      done({ exitCode: error?.code ?? 0, stdout, stderr }),
    )
  })
}

describe('the CI job', () => {
  it('gets from action.yml what the script reads', () => {
    const action = parse(readFileSync('action.yml', 'utf8'))
    const [, step] = action.runs.steps
    const script = readFileSync(SCRIPT, 'utf8')
    for (const name of Object.keys(step.env)) expect(script).toContain(name)
    const used = Object.values<string>(step.env).map((text) => /inputs\.(\w+)/.exec(text)?.[1])
    expect(used).toEqual(Object.keys(action.inputs))
  })

  itWith(
    PYTHON,
    'fails a slowed Flask app, and names the cell',
    async () => {
      const slowed = `servers.after.env.PYTHONPATH=${resolve('scenarios/slowed-flask')}`
      const inputs = { DYNO_SCENARIO: 'scenarios/flask-ab.yaml', DYNO_ARGUMENTS: `${SHORT} --set ${slowed}` }
      const { exitCode, stdout } = await gate(inputs)
      expect(stdout).toContain('gate: fail')
      expect(exitCode).toBe(1)
      const summary = readFileSync(join(dir, 'summary.md'), 'utf8')
      expect(summary).toContain('Gate failed')
      expect(summary).toMatch(/\*\*fail\*\* \| after, batch 1, concurrency 1 \| p50 at most 20 % worse/)
      expect(summary).toContain('measured once more')
      expect(readFileSync(join(dir, 'out', 'gate.xml'), 'utf8')).toContain('<failure')
    },
    TIMEOUT_MS,
  )

  itWith(
    PYTHON,
    'does not fail an unchanged one',
    async () => {
      const { exitCode, stdout } = await gate({ DYNO_SCENARIO: 'scenarios/flask-ab.yaml', DYNO_ARGUMENTS: SHORT })
      // A machine that others use may leave it open; it must never call it slower.
      expect(stdout).toMatch(/gate: (pass|inconclusive)/)
      expect(exitCode).not.toBe(1)
      expect(readFileSync(join(dir, 'summary.md'), 'utf8')).not.toContain('Gate failed')
    },
    TIMEOUT_MS,
  )

  it('ends as the run does where nothing can be measured', async () => {
    const { exitCode, stderr } = await gate({ DYNO_SCENARIO: join(dir, 'none.yaml') })
    expect(exitCode).toBe(2)
    expect(stderr).toContain('none.yaml')
  })
})
