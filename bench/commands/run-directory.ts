// A stored run, read back and analysed again: what report, compare, gate and baseline start from.
import { runSchema } from '../analysis/run-document.ts'
import { BenchError } from '../core/errors.ts'
import { type AnalysedRun, buildDocument } from '../document.ts'
import { readHeader } from '../measurement/run-header.ts'
import { openRun } from '../measurement/run-store.ts'

export const RUN_DIR = { name: 'RUN_DIR', description: 'A run directory, such as one of reports/runs/.' } as const

/** @throws BenchError `run-unreadable` that names what is wrong, where the stored files were edited or damaged */
export async function readRun(dir: string): Promise<AnalysedRun> {
  const header = readHeader(dir)
  const stored = await openRun(dir)
  const analysed = await buildDocument(header, stored).catch((error: unknown) => {
    // What is not there where a field is expected.
    if (error instanceof TypeError) throw unreadable(dir, `header.json: ${error.message}`)
    throw error
  })
  const issue = runSchema.safeParse(analysed.run).error?.issues[0]
  if (issue !== undefined) throw unreadable(dir, `${issue.path.join('.') || 'the run'}: ${issue.message}`)
  return analysed
}

function unreadable(dir: string, why: string): BenchError {
  return new BenchError({
    kind: 'usage',
    code: 'run-unreadable',
    message: `this run directory was edited or damaged: ${why}`,
    place: dir,
    hint: 'name a folder that `dyno run` wrote, such as one of reports/runs/',
  })
}
