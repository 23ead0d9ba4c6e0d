// dyno report: renders a stored run again, from its measurements.
import { join, resolve } from 'node:path'
import { defineCommand, takesEscapes } from '../cli/command.ts'
import { EXIT } from '../core/errors.ts'
import { finishSamples, openRun } from '../measurement/run-store.ts'
import { renderTable } from '../report/terminal.ts'
import { writeReport } from '../report/write-report.ts'
import { RUN_DIR, readRun } from './run-directory.ts'

export const reportCommand = defineCommand({
  name: 'report',
  summary: 'renders a stored run again, from its measurements',
  details:
    'Analyses the stored measurements again and writes run.json, cells.csv, report.md, report.html and the charts.\n' +
    'Works on a run that was killed, too: what was measured until then is reported as interrupted.',
  operands: [RUN_DIR],
  flags: {
    out: { kind: 'text', placeholder: 'DIR', description: 'Where to write. Default: the run directory itself.' },
  },
  examples: ['dyno report reports/runs/20260101-120000-smoke'],
  async run({ operands: [dir = ''], flags }, context) {
    const from = resolve(context.cwd, dir)
    const to = flags.out === null ? from : resolve(context.cwd, flags.out)
    const analysed = await readRun(from)
    // A killed run left its samples raw: the report makes the file whole.
    await finishSamples(from, (await openRun(from)).accounts)
    await writeReport(analysed, to)
    context.stdout.write(
      renderTable(analysed, {
        width: context.stdout.columns ?? 100,
        colour: takesEscapes(context.stdout, context.env),
      }),
    )
    context.stdout.write(`\nreport: ${join(to, 'report.html')}\n`)
    return EXIT.ok
  },
})
