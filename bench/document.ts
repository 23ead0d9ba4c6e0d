// Header + measurements → the run document: the one way from what was stored to what is shown, for every command.
import { analyse } from './analysis/analyse.ts'
import type { LatencyCurve, ParitySummary, RunDocument, TimelinePoint } from './analysis/run-document.ts'
import { judge } from './gate/judge.ts'
import type { RunHeader } from './measurement/run-header.ts'
import type { Measurement } from './measurement/types.ts'

export interface AnalysedRun {
  readonly run: RunDocument
  readonly curves: readonly LatencyCurve[]
}

/** Pure: the same stored run gives the same document. */
export function buildDocument(header: RunHeader, measurements: readonly Measurement[]): AnalysedRun {
  const { scenario, environment } = header
  const analysis = analyse({
    measurements,
    cells: header.cells,
    floors: header.floors,
    baseline: scenario.compare?.baseline ?? null,
  })
  const lastMs = measurements.reduce(
    (latest, { startedAtMs, windowNs }) => Math.max(latest, startedAtMs + windowNs / 1e6),
    0,
  )
  const run: RunDocument = {
    schemaVersion: 1,
    id: header.id,
    startedAt: header.startedAt,
    finishedAt: header.finishedAt ?? new Date(lastMs || Date.parse(header.startedAt)).toISOString(),
    // A header without an end is what a killed run leaves.
    interrupted: header.interrupted || header.finishedAt === null,
    scenario: {
      name: scenario.name,
      description: scenario.description,
      sha256: header.scenarioSha256,
      path: header.scenarioPath,
    },
    seed: header.seed,
    environment: { ...environment, docker: dockerOf(header), servers: { ...environment.servers } },
    parity: summariseParity(header, measurements),
    cells: [...analysis.cells],
    comparisons: [...analysis.comparisons],
    timeline: timelineOf(header, measurements),
  }
  return { run: { ...run, ...gateOf(header, run) }, curves: analysis.curves }
}

/** The engine that ran servers; `null` where none did. */
function dockerOf({ environment }: RunHeader): string | null {
  return Object.values(environment.servers).find(({ engine }) => engine !== null)?.engine ?? null
}

/** More would make a chart no clearer and run.json large. */
const MAX_TIMELINE_POINTS = 2000

function timelineOf({ startedAt }: RunHeader, measurements: readonly Measurement[]): TimelinePoint[] {
  const startedMs = Date.parse(startedAt)
  const points = measurements.flatMap(({ trial, startedAtMs, resources }) =>
    resources.series.map(({ offsetMs, ...used }) => {
      return { target: trial.target, trial: trial.id, atMs: startedAtMs - startedMs + offsetMs, ...used }
    }),
  )
  const every = Math.ceil(points.length / MAX_TIMELINE_POINTS)
  return points.filter((_, index) => index % every === 0)
}

function gateOf({ scenario }: RunHeader, run: RunDocument): Pick<RunDocument, 'gate'> {
  if (scenario.gate === null) return {}
  return { gate: judge({ rules: scenario.gate.rules, alpha: scenario.gate.alpha, run, baseline: null }) }
}

/** One line per target: its worst batch size before the load, and what was checked during it. */
function summariseParity(header: RunHeader, measurements: readonly Measurement[]): ParitySummary[] {
  const targets = [...new Set(header.parity.map((result) => result.target))]
  return targets.map((target) => {
    const before = header.parity.filter((result) => result.target === target)
    const during = measurements.filter((measurement) => measurement.trial.target === target)
    const disagreed = during.reduce((sum, { verification }) => sum + verification.disagreed, 0)
    const differences = before.flatMap(({ maxAbsDifference }) => (maxAbsDifference === null ? [] : [maxAbsDifference]))
    const failed = before.find((result) => !result.ok)
    return {
      target,
      against: before[0]?.against ?? target,
      maxAbsDifference:
        differences.length === 0
          ? null
          : Math.max(...differences, ...during.map(({ verification }) => verification.maxAbsDifference)),
      ok: failed === undefined && disagreed === 0,
      checkedDuringRun: during.reduce((sum, { verification }) => sum + verification.checked, 0),
      disagreed,
      reason: failed?.reason ?? (disagreed > 0 ? `${disagreed} answers differed during the load` : null),
    }
  })
}
