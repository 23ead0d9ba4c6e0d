// dyno baseline: saves the estimates of one run or several as the file that a gate compares with.
import { resolve } from 'node:path'
import { defineCommand } from '../cli/command.ts'
import { BenchError, EXIT } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'
import { type Baseline, makeBaseline } from '../gate/baseline.ts'
import { spoilingStored } from '../gate/outcome.ts'
import { cellText } from '../report/cell-text.ts'
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
  async run({ operands: [dir = '', ...others], flags }, { cwd, stdout, stderr }) {
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
    const baseline = makeBaseline([first, ...rest])
    writeFileAtomic(resolve(cwd, flags.out), `${JSON.stringify(baseline, null, 2)}\n`)
    for (const line of spoiledCells(baseline)) stderr.write(`${line}\n`)
    stdout.write(`baseline: ${flags.out}${rest.length > 0 ? `, of ${rest.length + 1} runs` : ''}\n`)
    return EXIT.ok
  },
})

/** The cells that a relative rule cannot be judged against, each with its first problem. */
function spoiledCells({ runs }: Baseline): string[] {
  const spoiled = runs.flatMap(({ id, cells }) =>
    cells.flatMap((cell) => {
      const problem = spoilingStored(cell, 'p99')
      return problem === null ? [] : [`  ${id}, ${cellText(cell)}: ${problem.code}: ${problem.message}`]
    }),
  )
  const cells = runs.reduce((sum, run) => sum + run.cells.length, 0)
  if (spoiled.length === 0) return []
  return [`${spoiled.length} of ${cells} cells are spoiled: a gate against them is inconclusive`, ...spoiled]
}
