// dyno baseline: saves the estimates of one run or several as the file that a gate compares with.
import { resolve } from 'node:path'
import { defineCommand } from '../cli/command.ts'
import { BenchError, EXIT } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'
import { makeBaseline } from '../gate/baseline.ts'
import { RUN_DIR, readRun } from './run-directory.ts'

export const baselineCommand = defineCommand({
  name: 'baseline',
  summary: 'saves a stored run, or several, as the baseline of a gate',
  details:
    'Writes the estimates of runs, their intervals and their environment to a file that `dyno gate --baseline` reads.\n' +
    'Several runs of the scenario (five, better on different days) tell the gate how much runs differ from each other.',
  operands: [{ ...RUN_DIR, name: 'RUN_DIR…', repeated: true }],
  flags: { out: { kind: 'text', placeholder: 'FILE', description: 'The file to write. Required.' } },
  examples: [
    'dyno baseline reports/runs/20260101-120000-smoke --out baseline.json',
    'dyno baseline reports/runs/*-smoke --out baseline.json',
  ],
  async run({ operands: [dir = '', ...others], flags }, { cwd, stdout }) {
    if (flags.out === null) {
      throw new BenchError({
        kind: 'usage',
        code: 'flag-missing',
        message: 'dyno baseline needs --out FILE',
        hint: `write: dyno baseline ${dir} --out baseline.json`,
      })
    }
    const { run: first } = await readRun(resolve(cwd, dir))
    const rest = []
    for (const other of others) rest.push((await readRun(resolve(cwd, other))).run)
    writeFileAtomic(resolve(cwd, flags.out), `${JSON.stringify(makeBaseline([first, ...rest]), null, 2)}\n`)
    stdout.write(`baseline: ${flags.out}${rest.length > 0 ? `, of ${rest.length + 1} runs` : ''}\n`)
    return EXIT.ok
  },
})
