// dyno run: measures a scenario, prints the comparison, writes the report.
import { join, relative } from 'node:path'
import { defineCommand, takesEscapes } from '../cli/command.ts'
import type { ExitCode } from '../core/errors.ts'
import { createProgress, type ProgressMode } from '../progress.ts'
import { renderTable } from '../report/terminal.ts'
import { runScenario } from '../run.ts'
import { verdictOf } from '../verdict.ts'
import { overridesOf, RUNTIME_FLAG, SCENARIO, SCENARIO_FLAGS } from './scenario-flags.ts'

export const runCommand = defineCommand({
  name: 'run',
  summary: 'runs a scenario: starts the servers, checks them, loads them, compares, writes the report',
  details:
    'Starts the scenario’s servers, checks that all targets answer the same inputs alike, measures every cell of the\n' +
    'matrix in interleaved repetitions, prints the comparison and writes the report. What was measured is kept when\n' +
    'the run is interrupted.',
  operands: [SCENARIO],
  flags: {
    runtime: RUNTIME_FLAG,
    out: {
      kind: 'text',
      placeholder: 'DIR',
      description: 'Run directory. Default: reports/runs/<id>, which reports/runs/latest then links to.',
    },
    ...SCENARIO_FLAGS,
    json: { kind: 'switch', description: 'Prints run.json on stdout and everything else on stderr.' },
    quiet: { kind: 'switch', description: 'No progress.' },
  },
  examples: [
    'dyno run scenarios/flask-vs-triton.yaml',
    'dyno run scenarios/smoke.yaml --only flask --set measure.duration=2s',
  ],
  async run({ operands: [path = ''], flags }, context): Promise<ExitCode> {
    const mode: ProgressMode = flags.quiet ? 'quiet' : takesEscapes(context.stderr, context.env) ? 'live' : 'plain'
    const progress = createProgress(context.stderr, mode)
    try {
      const outcome = await runScenario(
        { path, overrides: overridesOf(flags), runtime: flags.runtime, outDir: flags.out },
        { context, progress },
      )
      progress.close()
      const { run } = outcome.analysed
      if (flags.json) context.stdout.write(`${JSON.stringify(run, null, 2)}\n`)
      else {
        context.stdout.write(
          renderTable(outcome.analysed, {
            width: context.stdout.columns ?? 100,
            colour: takesEscapes(context.stdout, context.env),
          }),
        )
      }
      const out = flags.json ? context.stderr : context.stdout
      const shown = relative(context.cwd, join(outcome.dir, 'report.html'))
      out.write(`\nreport: ${shown.startsWith('..') ? join(outcome.dir, 'report.html') : shown}\n`)
      const verdict = verdictOf(run)
      for (const reason of verdict.reasons) context.stderr.write(`${reason}\n`)
      return verdict.exitCode
    } finally {
      progress.close()
    }
  },
})
