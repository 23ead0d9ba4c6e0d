// A scenario file → LoadedScenario: read, change by --set, validate (all problems at once, each with its place), resolve.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, normalize } from 'node:path'
import { BenchError, BenchErrors, messageOf } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { PACKAGE_DIR } from '../core/package-dir.ts'
import { decodeText } from '../core/text-file.ts'
import { formatBytes } from '../core/units.ts'
import { findBuildFolders } from './build-folders.ts'
import { readCaFiles } from './ca-files.ts'
import { explainIssues, type Finding } from './explain-issue.ts'
import { checkMatrix } from './matrix-checks.ts'
import { checkMeasure } from './measure-checks.ts'
import { checkModelConfig } from './model-checks.ts'
import { readModelConfig } from './model-config.ts'
import { measuredNames, partsOf } from './parts.ts'
import { type Choices, resolve } from './resolve.ts'
import { type ParsedScenario, scenarioSchema } from './schema.ts'
import { scenarioJsonSchema } from './schema-tree.ts'
import { applySettings, type Settings } from './set-values.ts'
import { parseSource, type Source } from './source.ts'
import { checkTargets, unknownName } from './target-checks.ts'
import type { LoadedScenario } from './types.ts'

/** What the command line changes of a scenario. */
export interface Overrides {
  /** `path=value` each, the value in YAML. */
  readonly set: readonly string[]
  /** Targets to keep; none: all. */
  readonly only: readonly string[]
  /** Warm-up ≤ 200 ms, window ≤ 500 ms, at most 2 repetitions, and no more for precision. */
  readonly quick: boolean
  /** null for the scenario's. */
  readonly seed: number | null
}

export const NO_OVERRIDES: Overrides = { set: [], only: [], quick: false, seed: null }

const SCENARIOS = 'scenarios'
const LARGEST_FILE_BYTES = 256 * 1024

/**
 * Reads and validates a scenario (YAML or JSON).
 * @param typed relative to the working directory; `scenarios/…` that is not there is one of dyno's own
 * @throws BenchError kind `usage` where the file cannot be read; BenchErrors kind `scenario` with every problem in it,
 *   placed as `file:line:col` or by the flag that caused it
 */
export async function loadScenario(typed: string, overrides: Overrides): Promise<LoadedScenario> {
  const path = findScenario(typed)
  const bytes = await readBytes(path)
  const { parsed, problems, found } = await validate(decodeText(bytes, path), path, overrides)
  if (parsed === null || problems.length > 0) throw new BenchErrors(problems)
  return {
    scenario: resolve(parsed, { ...overrides, ...found }),
    path,
    sha256: sha256Of(bytes, overrides.set),
  }
}

interface Validated {
  /** `null` where there are problems. */
  readonly parsed: ParsedScenario | null
  readonly problems: readonly BenchError[]
  readonly found: FoundFiles
}

/** What the files and folders hold that servers name. */
type FoundFiles = Pick<Choices, 'caPems' | 'contextDirs' | 'maxBatchSize'>

const NOTHING_FOUND: FoundFiles = { caPems: new Map(), contextDirs: new Map(), maxBatchSize: null }

function findScenario(typed: string): string {
  if (existsSync(typed) || dirname(normalize(typed)) !== SCENARIOS) return typed
  const shipped = join(PACKAGE_DIR, typed)
  return existsSync(shipped) ? shipped : typed
}

/** Where the files are looked for that a scenario names. */
function foldersFor(path: string): readonly string[] {
  return [dirname(path), process.cwd()]
}

async function validate(text: string, path: string, overrides: Overrides): Promise<Validated> {
  const { source, problems } = parseSource(text, path)
  if (source === null) return { parsed: null, problems, found: NOTHING_FOUND }
  const schema = scenarioJsonSchema()
  const settings = applySettings(source.value, overrides.set, schema)
  const { value } = settings
  const result = scenarioSchema.safeParse(value)
  const parts = partsOf(value)
  const caFiles = await readCaFiles(parts.servers, foldersFor(path))
  const buildFolders = await findBuildFolders(parts.servers, foldersFor(path))
  const config = parts.model && (await readModelConfig(parts.model.name, [...foldersFor(path), PACKAGE_DIR]))
  const findings = [
    ...explainIssues(result.error?.issues ?? [], { schema, value }),
    ...checkTargets(parts),
    ...checkMatrix(parts),
    ...checkMeasure(parts),
    ...checkModelConfig(parts, config),
    ...caFiles.findings,
    ...buildFolders.findings,
  ]
  const placed = findings.map((found) => problemAt(found, source, settings))
  const only = overrides.only.flatMap((name) => checkOnly(name, measuredNames(parts)))
  const all = [...problems, ...settings.problems, ...placed.sort(byPlace), ...only]
  const maxBatchSize = config?.maxBatchSize ?? null
  const found = { caPems: caFiles.pems, contextDirs: buildFolders.dirs, maxBatchSize }
  return { parsed: result.data ?? null, problems: all, found }
}

function problemAt(found: Finding, source: Source, settings: Settings): BenchError {
  const { code, message, hint, path, part } = found
  return new BenchError({
    kind: 'scenario',
    code,
    message,
    hint,
    place: settings.flagFor(path) ?? source.place(path, part),
  })
}

/** Top to bottom, whatever found them. */
function byPlace(one: BenchError, other: BenchError): number {
  return (one.place ?? '').localeCompare(other.place ?? '', 'en', { numeric: true })
}

function checkOnly(name: string, measured: readonly string[]): BenchError[] {
  if (measured.includes(name)) return []
  const message = `the scenario measures no target '${name}'`
  const found = unknownName({ path: [], code: 'unknown-target', name, message }, measured)
  return [
    new BenchError({
      kind: 'scenario',
      code: found.code,
      message: found.message,
      hint: found.hint,
      place: `--only ${name}`,
    }),
  ]
}

/** Of the bytes alone where nothing was set, so that `sha256sum` agrees. */
function sha256Of(bytes: Buffer, settings: readonly string[]): string {
  const hash = createHash('sha256').update(bytes)
  for (const setting of settings) hash.update('\0').update(setting)
  return hash.digest('hex')
}

async function readBytes(path: string): Promise<Buffer> {
  // Before it is opened: opening a named pipe waits for its writer.
  const status = await stat(path).catch(async (error) => Promise.reject(await unreadable(path, error)))
  if (!status.isFile()) throw usage('scenario-no-file', `${path} is not a file`, await knownScenarios(path))
  if (status.size > LARGEST_FILE_BYTES) {
    const limit = formatBytes(LARGEST_FILE_BYTES)
    throw usage('scenario-too-large', `${path} is larger than ${limit}`, 'a scenario is a short text file')
  }
  return await readFile(path).catch(async (error) => Promise.reject(await unreadable(path, error)))
}

async function unreadable(path: string, cause: unknown): Promise<BenchError> {
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return usage('scenario-missing', `there is no scenario file ${path}`, await knownScenarios(path))
  }
  return usage('scenario-unreadable', `${path} cannot be read: ${messageOf(cause)}`, 'check its permissions', cause)
}

/** The scenarios in ./scenarios, or those that dyno ships, the nearest one first. */
async function knownScenarios(path: string): Promise<string> {
  const names = await readdir(SCENARIOS).catch(() => readdir(join(PACKAGE_DIR, SCENARIOS)).catch(() => []))
  const known = names
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(SCENARIOS, name))
  if (known.length === 0) return 'give the path of a scenario file'
  const stem = basename(path)
  const close = nearest(path, known) ?? known.find((name) => basename(name).includes(stem))
  const all = `in ${SCENARIOS} lie: ${known.join(', ')}`
  return close === undefined ? all : `did you mean ${close}? ${all}`
}

function usage(code: string, message: string, hint: string, cause?: unknown): BenchError {
  return new BenchError({ kind: 'usage', code, message, hint, cause })
}
