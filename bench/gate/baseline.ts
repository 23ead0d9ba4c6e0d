// The baseline file of a gate: a run's estimates with their intervals, and the machine that they were measured on.
import { z } from 'zod'
import { cellSchema, environmentSchema, estimateSchema, type RunDocument } from '../analysis/run-document.ts'
import { BenchError, messageOf } from '../core/errors.ts'
import { isOrdered } from './cell-metric.ts'

const VERSION = 1

const ordered = estimateSchema.refine(isOrdered, 'low ≤ value ≤ high does not hold')
const known = ordered.refine(({ low }) => low >= 0, 'is negative')
const optional = known.nullable()

const baselineSchema = z.object({
  kind: z.literal('dyno-baseline'),
  schemaVersion: z.literal(VERSION),
  run: z.object({ id: z.string(), finishedAt: z.iso.datetime() }),
  scenario: z.object({ name: z.string(), sha256: z.string() }),
  environment: environmentSchema,
  cells: z
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
          requestsPerSec: known,
          inferencesPerSec: known,
        }),
    )
    .min(1, 'has no cells'),
})

export type Baseline = z.infer<typeof baselineSchema>

/** Cells with problems are kept with them: a gate that meets one is inconclusive, and says why. */
export function makeBaseline(run: RunDocument): Baseline {
  return {
    kind: 'dyno-baseline',
    schemaVersion: VERSION,
    run: { id: run.id, finishedAt: run.finishedAt },
    scenario: { name: run.scenario.name, sha256: run.scenario.sha256 },
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
  }
}

const MAX_PROBLEMS = 5

/**
 * @param path named in errors
 * @throws BenchError `baseline-invalid` (no JSON, cut off, not a baseline, hand-edited into nonsense), `baseline-version`
 */
export function parseBaseline(text: string, path: string): Baseline {
  const json = parseJson(text, path)
  const version = typeof json === 'object' && json !== null ? (json as { schemaVersion?: unknown }).schemaVersion : null
  if (typeof version === 'number' && version !== VERSION) {
    throw new BenchError({
      kind: 'untrusted',
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
    kind: 'untrusted',
    code: 'baseline-invalid',
    message: `the baseline cannot be used: ${why}`,
    place: path,
    hint: 'do not edit it by hand; make it from a run that you trust: dyno baseline RUN_DIR --out FILE',
    cause,
  })
}
