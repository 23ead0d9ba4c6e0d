// Stored runs, found and read: what `dyno history` shows.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type RunDocument, runSchema } from './analysis/run-document.ts'
import { unlikeEnvironment } from './analysis/unlike-environment.ts'
import { BenchError, messageOf } from './core/errors.ts'
import { decodeText } from './core/text-file.ts'

/** A run of hundreds of cells has some ten megabytes. */
const MAX_BYTES = 256 * 1024 ** 2
const DOCUMENT = 'run.json'

export interface LeftOut {
  readonly run: string
  readonly why: string
}

export interface StoredRuns {
  /** Oldest first. */
  readonly runs: readonly RunDocument[]
  readonly leftOut: readonly LeftOut[]
}

/**
 * @param dirs run directories, or folders of them
 * @throws BenchError `runs-missing` for a folder that is none or holds no run
 */
export function readRuns(dirs: readonly string[]): StoredRuns {
  const runs: RunDocument[] = []
  const leftOut: LeftOut[] = []
  for (const dir of new Set(dirs.flatMap(runDirsIn))) {
    try {
      runs.push(readDocument(join(dir, DOCUMENT)))
    } catch (error) {
      leftOut.push({ run: basename(dir), why: messageOf(error) })
    }
  }
  runs.sort((one, other) => Date.parse(one.startedAt) - Date.parse(other.startedAt))
  return { runs, leftOut }
}

/** Links, such as `latest`, name a run that is found anyway. */
function runDirsIn(dir: string): string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true })
    if (entries.some(({ name }) => name === DOCUMENT)) return [dir]
    const found = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(dir, name))
    if (found.length > 0) return found
    throw new Error('it holds no run')
  } catch (error) {
    throw new BenchError({
      kind: 'usage',
      code: 'runs-missing',
      message: `no runs to show: ${messageOf(error)}`,
      place: dir,
      hint: 'measure first (npm run bench), or name run directories or a folder of them',
      cause: error,
    })
  }
}

function readDocument(path: string): RunDocument {
  const bytes = statSync(path).size
  if (bytes > MAX_BYTES) throw new Error(`${DOCUMENT} has ${bytes} bytes, which no run has`)
  const result = runSchema.safeParse(JSON.parse(decodeText(readFileSync(path), path)))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new Error(`${DOCUMENT} is of another version of dyno, or damaged: ${issue?.path.join('.')}: ${issue?.message}`)
}

/** The runs of one scenario that can be held against the newest of them. */
export function comparableRuns(
  { runs, leftOut }: StoredRuns,
  { scenario, force }: { readonly scenario: string; readonly force: boolean },
): StoredRuns {
  const own = runs.filter((run) => run.scenario.name === scenario)
  const newest = own.at(-1)
  if (newest === undefined || force) return { runs: own, leftOut }
  const unlike = own.flatMap((run) => {
    const fields = unlikeEnvironment(run.environment, newest.environment)
    return fields.length === 0 ? [] : [{ run: run.id, why: `unlike the newest run: ${fields.join('; ')}` }]
  })
  const names = new Set(unlike.map(({ run }) => run))
  return { runs: own.filter(({ id }) => !names.has(id)), leftOut: [...leftOut, ...unlike] }
}
