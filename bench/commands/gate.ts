// dyno gate: the verdict on a stored run by its scenario's rules; for CI.
import { appendFileSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { defineCommand } from '../cli/command.ts'
import { BenchError, EXIT, type ExitCode, messageOf } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'
import { type Baseline, parseBaseline } from '../gate/baseline.ts'
import { judge } from '../gate/judge.ts'
import { renderJunit } from '../gate/junit.ts'
import { renderSummary } from '../gate/summary.ts'
import { readHeader } from '../measurement/run-header.ts'
import { renderGate } from '../report/terminal.ts'
import { RUN_DIR, readRun } from './run-directory.ts'

const EXIT_BY_STATUS = { pass: EXIT.ok, fail: EXIT.gateFailed, inconclusive: EXIT.untrusted } as const

export const gateCommand = defineCommand({
  name: 'gate',
  summary: 'judges a stored run by its scenario’s gate rules',
  details:
    'Judges every rule for every cell that it names. Fails closed: a missing baseline, a missing cell, too few samples\n' +
    'or a cell with problems is never a pass. A noisy host takes no pass away, but a failure on one is inconclusive.\n' +
    'Exit code 0: pass, 1: fail, 3: inconclusive.',
  operands: [RUN_DIR],
  flags: {
    baseline: {
      kind: 'text',
      placeholder: 'FILE',
      description: 'A baseline that `dyno baseline` saved; relative rules need one.',
    },
    junit: { kind: 'text', placeholder: 'FILE', description: 'Writes the findings as JUnit XML, too.' },
    summary: {
      kind: 'text',
      placeholder: 'FILE',
      description: 'Appends the findings as Markdown, too; in GitHub Actions: "$GITHUB_STEP_SUMMARY".',
    },
    force: { kind: 'switch', description: 'Takes numbers of unlike machines, too.' },
    json: { kind: 'switch', description: 'Prints the verdict as JSON.' },
  },
  examples: ['dyno gate reports/runs/latest --baseline baseline.json --junit gate.xml'],
  async run({ operands: [dir = ''], flags }, { cwd, stdout }): Promise<ExitCode> {
    const runDir = resolve(cwd, dir)
    const { run } = await readRun(runDir)
    const { scenario } = readHeader(runDir)
    if (scenario.gate === null) {
      throw new BenchError({
        kind: 'usage',
        code: 'no-gate',
        message: `the scenario '${scenario.name}' has no gate rules`,
        hint: 'add a `gate:` section with rules to the scenario and run it again; docs/scenario.md shows how',
      })
    }
    const baseline = flags.baseline === null ? null : readBaseline(resolve(cwd, flags.baseline))
    const result = judge({ rules: scenario.gate.rules, alpha: scenario.gate.alpha, run, baseline, force: flags.force })
    if (flags.junit !== null) writeFileAtomic(resolve(cwd, flags.junit), renderJunit(result, scenario.name))
    if (flags.summary !== null) appendFileSync(resolve(cwd, flags.summary), renderSummary(result, scenario.name))
    stdout.write(
      flags.json
        ? `${JSON.stringify(result, null, 2)}\n`
        : renderGate(result, { width: stdout.columns ?? 100, colour: stdout.isTTY === true }),
    )
    return EXIT_BY_STATUS[result.status]
  },
})

function readBaseline(path: string): Baseline {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new BenchError({
      kind: 'untrusted',
      code: 'baseline-missing',
      message: `cannot read the baseline: ${messageOf(error)}`,
      place: path,
      hint: 'make one from a run that you trust: dyno baseline RUN_DIR --out FILE',
      cause: error,
    })
  }
  return parseBaseline(text, path)
}
