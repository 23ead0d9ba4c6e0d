// Header + measurements → the run document: the one way from what was stored to what is shown, for every command.
import type { SummarisedRun } from './analysis/compare-runs.ts'
import { compareTargets } from './analysis/compare-targets.ts'
import { notPrecise } from './analysis/precision.ts'
import { type Problem, problem } from './analysis/problems.ts'
import {
  type CellSummary,
  cellKeyOf,
  type GateResult,
  type LatencyCurve,
  type ParitySummary,
  type RunDocument,
  type TimelinePoint,
} from './analysis/run-document.ts'
import { type SummarisedCell, summarise } from './analysis/summarise.ts'
import { cached } from './analysis/validity.ts'
import { plainData } from './core/plain-text.ts'
import { confirm } from './gate/confirm.ts'
import { judge } from './gate/judge.ts'
import type { RunHeader } from './measurement/run-header.ts'
import type { StoredRun } from './measurement/run-store.ts'
import type { TrialAccount } from './measurement/types.ts'
import { cellsOf } from './plan/expand.ts'
import type { CellKey, Trial } from './plan/types.ts'

export interface AnalysedRun extends SummarisedRun {
  readonly curves: readonly LatencyCurve[]
}

/** The same stored run gives the same document. The records of one cell at a time are in memory. */
export async function buildDocument(found: RunHeader, stored: StoredRun): Promise<AnalysedRun> {
  // Names and messages of strangers are in it; every report, terminal and verdict is made of what comes from here.
  const header = plainData(found)
  const { scenario, environment } = header
  const { accounts } = stored
  const summarised = await summariseCells(header, stored, () => true)
  const lastMs = accounts.reduce(
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
    parity: summariseParity(header, accounts),
    coldStart: coldStartsOf(header),
    cacheAudit: [...header.cacheAudits],
    cells: summarised.map(({ cell }) => cell),
    comparisons: compareTargets(summarised, scenario.compare?.baseline ?? null),
    timeline: timelineOf(header, accounts),
  }
  const curves = summarised.map(({ curve }, cell) => ({ cell, points: curve }))
  const gate = await gateOf(header, stored, run)
  return { run: gate === null ? run : { ...run, gate }, summarised, curves }
}

/** Every cell that the scenario makes due, in the plan's order; one without a measurement gets the problem `not-run`. */
async function summariseCells(
  header: RunHeader,
  stored: StoredRun,
  isWanted: (trial: Trial) => boolean,
): Promise<SummarisedCell[]> {
  const floors = new Map(header.cells.map((cell, index) => [cellKeyOf(cell), header.floors[index] ?? null]))
  const wanted = [...stored.accounts.keys()].filter((index) => isWanted(trialOf(stored, index)))
  const indices = Map.groupBy(wanted, (index) => cellKeyOf(trialOf(stored, index)))
  const summarised: SummarisedCell[] = []
  for (const key of cellsOf(header)) {
    const measurements = await stored.read(indices.get(cellKeyOf(key)) ?? [])
    const found = summarise(key, measurements, floors.get(cellKeyOf(key)) ?? null)
    const problems = [...lostTrials(key, header, stored), ...found.cell.problems, ...problemsOfRun(found.cell, header)]
    summarised.push({ ...found, cell: { ...found.cell, problems } })
  }
  return summarised
}

/** Every trial is stored, with or without data: a finished run that lacks one was edited or damaged. */
function lostTrials(key: CellKey, header: RunHeader, { accounts }: StoredRun): Problem[] {
  if (header.interrupted || header.finishedAt === null) return []
  const due = header.scenario.measure.repetitions
  const cell = cellKeyOf(key)
  const stored = accounts.filter(({ trial }) => cellKeyOf(trial) === cell).length
  if (stored === 0 || stored >= due) return []
  return [problem('not-run', `${stored} of its ${due} repetitions are stored: the run directory is not whole`)]
}

/** What a cell's measurements alone do not show: what was audited before the load, and what was asked for. */
function problemsOfRun(cell: CellSummary, { cacheAudits, scenario, interrupted, finishedAt }: RunHeader): Problem[] {
  // Audited at one batch size; a cache that is on is on for all.
  const audit = cacheAudits.find(({ target, suspected }) => suspected && target === cell.target)
  const { auto } = scenario.measure
  // A run that was cut off had not the time to be precise.
  const isJudged = auto !== null && !interrupted && finishedAt !== null
  return [...(audit === undefined ? [] : [cached(audit)]), ...(isJudged ? notPrecise(cell, auto) : [])]
}

/** From the start of a target's server to its first answer, and what an answer takes later. */
function coldStartsOf({ scenario, readyMs, firstAnswers }: RunHeader): RunDocument['coldStart'] {
  return firstAnswers.map(({ target, firstMs, laterMs }) => {
    const server = scenario.targets.find(({ name }) => name === target)?.server
    return { target, readyMs: (server === undefined ? null : readyMs[server]) ?? null, firstMs, laterMs }
  })
}

function trialOf({ accounts }: StoredRun, index: number): Trial {
  const account = accounts[index]
  if (account === undefined) throw new Error(`the run has no trial ${index}`)
  return account.trial
}

/** The engine that ran servers; `null` where none did. */
function dockerOf({ environment }: RunHeader): string | null {
  return Object.values(environment.servers).find(({ engine }) => engine !== null)?.engine ?? null
}

/** More would make a chart no clearer and run.json large. */
const MAX_TIMELINE_POINTS = 2000

function timelineOf({ startedAt }: RunHeader, accounts: readonly TrialAccount[]): TimelinePoint[] {
  const startedMs = Date.parse(startedAt)
  const points = accounts.flatMap(({ trial, startedAtMs, resources }) =>
    resources.series.map(({ offsetMs, ...used }) => {
      return { target: trial.target, trial: trial.id, atMs: startedAtMs - startedMs + offsetMs, ...used }
    }),
  )
  const every = Math.ceil(points.length / MAX_TIMELINE_POINTS)
  return points.filter((_, index) => index % every === 0)
}

/** By the repetitions that were planned; where suspects were measured once more, by those as well. */
async function gateOf(header: RunHeader, stored: StoredRun, run: RunDocument): Promise<GateResult | null> {
  const { gate, measure, compare } = header.scenario
  if (gate === null) return null
  const judged = (judgedRun: RunDocument) =>
    judge({ rules: gate.rules, alpha: gate.alpha, run: judgedRun, baseline: null })
  // Earlier versions stored no mark: what they measured beyond the planned repetitions was to confirm.
  const isPlanned = ({ repetition, confirms }: Trial) =>
    !(confirms ?? (measure.auto === null && repetition > measure.repetitions))
  if (stored.accounts.every(({ trial }) => isPlanned(trial))) return judged(run)
  const part = async (isWanted: (trial: Trial) => boolean) => {
    const summarised = await summariseCells(header, stored, isWanted)
    const comparisons = compareTargets(summarised, compare?.baseline ?? null)
    return judged({ ...run, cells: summarised.map(({ cell }) => cell), comparisons })
  }
  return confirm(await part(isPlanned), await part((trial) => !isPlanned(trial)))
}

/** One line per target: its worst batch size before the load, and what was checked during it. */
function summariseParity(header: RunHeader, accounts: readonly TrialAccount[]): ParitySummary[] {
  const targets = [...new Set(header.parity.map((result) => result.target))]
  return targets.map((target) => {
    const before = header.parity.filter((result) => result.target === target)
    const during = accounts.filter(({ trial }) => trial.target === target)
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
