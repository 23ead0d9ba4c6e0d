// dyno baseline: saves a run's estimates as the file that a gate compares with.
import { resolve } from 'node:path'
import { defineCommand } from '../cli/command.ts'
import { BenchError, EXIT } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'
import { makeBaseline } from '../gate/baseline.ts'
import { RUN_DIR, readRun } from './run-directory.ts'

export const baselineCommand = defineCommand({
  name: 'baseline',
  summary: 'saves a stored run as the baseline of a gate',
  details:
    'Writes the run’s estimates, their intervals and its environment to a file that `dyno gate --baseline` reads.',
  operands: [RUN_DIR],
  flags: { out: { kind: 'text', placeholder: 'FILE', description: 'The file to write. Required.' } },
  examples: ['dyno baseline reports/runs/20260101-120000-smoke --out baseline.json'],
  async run({ operands: [dir = ''], flags }, { cwd, stdout }) {
    if (flags.out === null) {
      throw new BenchError({
        kind: 'usage',
        code: 'flag-missing',
        message: 'dyno baseline needs --out FILE',
        hint: `write: dyno baseline ${dir} --out baseline.json`,
      })
    }
    const { run } = await readRun(resolve(cwd, dir))
    writeFileAtomic(resolve(cwd, flags.out), `${JSON.stringify(makeBaseline(run), null, 2)}\n`)
    stdout.write(`baseline: ${flags.out}\n`)
    return EXIT.ok
  },
})
