// dyno compare: two stored runs, cell by cell, from their samples.
import { resolve } from 'node:path'
import { compareRuns } from '../analysis/compare-runs.ts'
import { cellKeyOf, type RunDocument } from '../analysis/run-document.ts'
import { defineCommand, takesEscapes } from '../cli/command.ts'
import { EXIT } from '../core/errors.ts'
import { cellText } from '../report/cell-text.ts'
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
  async run({ operands: [baselineDir = '', candidateDir = ''], flags }, { cwd, env, stdout, stderr }) {
    const baseline = await readRun(resolve(cwd, baselineDir))
    const candidate = await readRun(resolve(cwd, candidateDir))
    const comparisons = compareRuns(baseline, candidate, { force: flags.force })
    stdout.write(
      flags.json
        ? `${JSON.stringify(comparisons, null, 2)}\n`
        : renderComparison(comparisons, {
            width: stdout.columns ?? 100,
            colour: takesEscapes(stdout, env),
          }),
    )
    for (const line of unmatched(baseline.run, candidate.run)) stderr.write(`${line}\n`)
    return EXIT.ok
  },
})

/** Cells that only one of the runs has are in no row of the table. */
function unmatched(baseline: RunDocument, candidate: RunDocument): string[] {
  const onlyIn = (run: RunDocument, other: RunDocument, name: string) => {
    const known = new Set(other.cells.map(cellKeyOf))
    const lacking = run.cells.filter((cell) => !known.has(cellKeyOf(cell)))
    return lacking.length === 0 ? [] : [`only in the ${name}: ${lacking.map(cellText).join('; ')}`]
  }
  return [...onlyIn(baseline, candidate, 'baseline'), ...onlyIn(candidate, baseline, 'candidate')]
}
