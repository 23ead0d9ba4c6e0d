// The baseline file of a gate: estimates of one run or several with their intervals, and the machine that they were measured on.
import { z } from 'zod'
import { environmentSchema } from '../analysis/environment-document.ts'
import { cellSchema, estimateSchema, type RunDocument } from '../analysis/run-document.ts'
import { unlikeEnvironment } from '../analysis/unlike-environment.ts'
import { BenchError, messageOf } from '../core/errors.ts'
import { isOrdered } from './cell-metric.ts'

const VERSION = 2
/** More than anybody measures before a gate; bounds what a hostile file may hold. */
const MAX_RUNS = 100

const ordered = estimateSchema.refine(isOrdered, 'low ≤ value ≤ high does not hold')
const known = ordered.refine(({ low }) => low >= 0, 'is negative')
const optional = known.nullable()

const cells = z
  .array(
    cellSchema
      .pick({
        target: true,
        batchSize: true,
        load: true,
        engine: true,
        repetitions: true,
        counts: true,
        problems: true,
      })
      .extend({
        latencyMs: z.object({
          p50: optional,
          p90: optional,
          p95: optional,
          p99: optional,
          p999: optional,
          mean: optional,
          min: optional,
          max: optional,
        }),
        requestsPerSec: optional,
        inferencesPerSec: optional,
      }),
  )
  .min(1, 'has no cells')

const baselineSchema = z.object({
  kind: z.literal('dyno-baseline'),
  schemaVersion: z.literal(VERSION),
  scenario: z.object({ name: z.string() }),
  runs: z
    .array(
      z.object({
        id: z.string(),
        finishedAt: z.iso.datetime(),
        scenarioSha256: z.string(),
        environment: environmentSchema,
        cells,
      }),
    )
    .min(1, 'has no runs')
    .max(MAX_RUNS, `has more than ${MAX_RUNS} runs`),
})

export type Baseline = z.infer<typeof baselineSchema>

/**
 * Cells with problems are kept with them: a gate that meets one is inconclusive, and says why.
 * @throws BenchError `baseline-mixed` where the runs cannot be held together
 */
export function makeBaseline(runs: readonly [RunDocument, ...RunDocument[]]): Baseline {
  const [first, ...others] = runs
  for (const other of others) checkAlike(first, other)
  if (runs.length > MAX_RUNS) throw mixed(`${runs.length} runs are more than ${MAX_RUNS}`)
  return {
    kind: 'dyno-baseline',
    schemaVersion: VERSION,
    scenario: { name: first.scenario.name },
    runs: runs.map((run) => ({
      id: run.id,
      finishedAt: run.finishedAt,
      scenarioSha256: run.scenario.sha256,
      environment: run.environment,
      cells: run.cells.map((cell) => ({
        target: cell.target,
        batchSize: cell.batchSize,
        load: cell.load,
        engine: cell.engine,
        repetitions: cell.repetitions,
        counts: cell.counts,
        problems: cell.problems,
        latencyMs: cell.latencyMs,
        requestsPerSec: cell.requestsPerSec,
        inferencesPerSec: cell.inferencesPerSec,
      })),
    })),
  }
}

function checkAlike(one: RunDocument, other: RunDocument): void {
  if (one.id === other.id) throw mixed(`the run ${one.id} is named twice`)
  if (one.scenario.name !== other.scenario.name) {
    throw mixed(`${one.id} is of the scenario '${one.scenario.name}', ${other.id} of '${other.scenario.name}'`)
  }
  const unlike = unlikeEnvironment(one.environment, other.environment)
  if (unlike.length > 0) throw mixed(`${one.id} and ${other.id} are of unlike machines: ${unlike.join('; ')}`)
}

function mixed(why: string): BenchError {
  return new BenchError({
    kind: 'usage',
    code: 'baseline-mixed',
    message: `these runs make no baseline: ${why}`,
    hint: 'name runs of one scenario on one machine, each once',
  })
}

const storedVersion = z.object({ kind: z.literal('dyno-baseline'), schemaVersion: z.number() })

const MAX_PROBLEMS = 5

/**
 * @param path named in errors
 * @throws BenchError `baseline-invalid` (no JSON, cut off, not a baseline, hand-edited into nonsense), `baseline-version`
 */
export function parseBaseline(text: string, path: string): Baseline {
  const json = parseJson(text, path)
  const version = storedVersion.safeParse(json).data?.schemaVersion
  if (version !== undefined && version !== VERSION) {
    throw new BenchError({
      kind: 'usage',
      code: 'baseline-version',
      message: `the baseline has schemaVersion ${version}, this version of dyno reads ${VERSION}`,
      place: path,
      hint: 'save it again with this version: dyno baseline RUN_DIR --out FILE',
    })
  }
  const result = baselineSchema.safeParse(json)
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path: at, message }) => `${at.join('.') || 'the file'}: ${message}`)
  throw invalid(path, `it is not a baseline: ${problems.slice(0, MAX_PROBLEMS).join('; ')}`)
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const why = /\bNaN\b|\bInfinity\b/.test(text)
      ? 'it holds NaN or Infinity, which JSON does not have'
      : 'it is cut off or no JSON'
    throw invalid(path, `${why}: ${messageOf(error)}`, error)
  }
}

function invalid(path: string, why: string, cause?: unknown): BenchError {
  return new BenchError({
    kind: 'usage',
    code: 'baseline-invalid',
    message: `the baseline cannot be used: ${why}`,
    place: path,
    hint: 'do not edit it by hand; make it from a run that you trust: dyno baseline RUN_DIR --out FILE',
    cause,
  })
}
