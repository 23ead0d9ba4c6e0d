// The committed run, analysed again: a change of any statistic shows as a difference here, and then in a diff.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runSchema } from './analysis/run-document.ts'
import { readRun } from './commands/run-directory.ts'
import { PACKAGE_DIR } from './project.ts'

const EXAMPLE = join(PACKAGE_DIR, 'reports', 'example')

it('the committed run gives the numbers that were committed with it', async () => {
  const { run } = await readRun(EXAMPLE)
  const committed = runSchema.parse(JSON.parse(readFileSync(join(EXAMPLE, 'run.json'), 'utf8')))
  expect(run).toEqual(committed)
})

it('the README shows the figures of the committed run', () => {
  const table = readFileSync(join(EXAMPLE, 'report.md'), 'utf8')
  const rows = readFileSync(join(PACKAGE_DIR, 'README.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| \d+ \| /.test(line))
  expect(rows.length).toBeGreaterThan(0)
  // The README leaves the last columns out; what it has stands in the report.
  for (const row of rows) expect(table).toContain(row.replace(/ \|$/, ''))
})
