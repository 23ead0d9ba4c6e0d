// dyno compare: two stored runs, cell by cell, from their samples.
import { resolve } from 'node:path'
import { compareRuns } from '../analysis/compare-runs.ts'
import { defineCommand } from '../cli/command.ts'
import { EXIT } from '../core/errors.ts'
import { renderComparison } from '../report/terminal.ts'
import { readRun } from './run-directory.ts'

export const compareCommand = defineCommand({
  name: 'compare',
  summary: 'compares two stored runs, cell by cell',
  details:
    'Compares the cells that two runs share: relative change of every metric with its interval, and a verdict.\n' +
    'Runs of unlike machines are incomparable, and the differing facts are named.',
  operands: [
    { name: 'BASELINE_DIR', description: 'The run directory to compare with.' },
    { name: 'CANDIDATE_DIR', description: 'The run directory that is compared.' },
  ],
  flags: {
    force: { kind: 'switch', description: 'Takes numbers of unlike machines, too.' },
    json: { kind: 'switch', description: 'Prints the comparisons as JSON.' },
  },
  examples: ['dyno compare reports/runs/before reports/runs/after'],
  async run({ operands: [baselineDir = '', candidateDir = ''], flags }, { cwd, stdout }) {
    const baseline = await readRun(resolve(cwd, baselineDir))
    const candidate = await readRun(resolve(cwd, candidateDir))
    const comparisons = compareRuns(baseline, candidate, { force: flags.force })
    stdout.write(
      flags.json
        ? `${JSON.stringify(comparisons, null, 2)}\n`
        : renderComparison(comparisons, {
            width: stdout.columns ?? 100,
            colour: stdout.isTTY === true,
          }),
    )
    return EXIT.ok
  },
})
