// What one run says about the gate: its verdict, every comparison that found a change, and what other gates would say.

import type { Metric } from '../analysis/metrics.ts'
import { failingGates } from '../analysis/other-gates.ts'
import { type Comparison, conditionKeyOf, type GateResult } from '../analysis/run-document.ts'
import type { SummarisedCell } from '../analysis/summarise.ts'
import type { AnalysedRun } from '../document.ts'
import { cellName } from '../plan/cell-name.ts'

/** A comparison that was called a change, with what it was made of. */
export interface Alarm {
  /** `after/b4/c8` */
  readonly cell: string
  readonly metric: Metric
  readonly verdict: 'improved' | 'regressed'
  readonly change: Comparison['change']
  readonly pAdjusted: number | null
  /** What each repetition measured, in their order: ms, or requests/s. Empty for error rates. */
  readonly before: readonly number[]
  readonly after: readonly number[]
}

export interface NotPassed {
  readonly cell: string
  readonly rule: string
  readonly status: 'fail' | 'inconclusive'
  readonly why: string
}

export interface TrialOutcome {
  readonly seed: number
  readonly seconds: number
  readonly status: GateResult['status']
  readonly notPassed: readonly NotPassed[]
  /** Cells that would have failed by the planned repetitions, and were measured once more. */
  readonly suspects: readonly string[]
  /** That were made: incomparable ones are not. */
  readonly comparisons: number
  readonly alarms: readonly Alarm[]
  /** Names of other gates that would fail, by the planned repetitions. */
  readonly failedOthers: readonly string[]
}

export interface TrialSetting {
  readonly seed: number
  readonly seconds: number
  readonly baseline: string
  /** Planned: those that confirm a suspicion are dyno's alone. */
  readonly repetitions: number
}

export function outcomeOf(
  { run, summarised }: Pick<AnalysedRun, 'run' | 'summarised'>,
  { seed, seconds, baseline, repetitions }: TrialSetting,
): TrialOutcome {
  return {
    seed,
    seconds,
    status: run.gate?.status ?? 'inconclusive',
    notPassed: (run.gate?.findings ?? []).flatMap(({ status, rule, why, ...cell }) =>
      status === 'pass' ? [] : [{ cell: cellName(cell), rule, status, why }],
    ),
    suspects: run.cells.flatMap((cell) =>
      cell.target !== baseline && cell.repetitions > repetitions ? [cellName(cell)] : [],
    ),
    comparisons: run.comparisons.filter(({ verdict }) => verdict !== 'incomparable').length,
    alarms: run.comparisons.flatMap((comparison) => alarmOf(comparison, summarised)),
    failedOthers: failingGates(summarised, { baseline, repetitions }),
  }
}

function alarmOf(comparison: Comparison, summarised: readonly SummarisedCell[]): Alarm[] {
  const { verdict, metric, change, pAdjusted, baseline, candidate } = comparison
  if (verdict !== 'improved' && verdict !== 'regressed') return []
  const valuesOf = (target: string) => {
    const isIt = ({ cell }: SummarisedCell) =>
      cell.target === target && conditionKeyOf(cell) === conditionKeyOf(comparison)
    return perRepetition(summarised.find(isIt), metric)
  }
  const cell = cellName({ ...comparison, target: candidate })
  return [{ cell, metric, verdict, change, pAdjusted, before: valuesOf(baseline), after: valuesOf(candidate) }]
}

/** Deviations are differences of logarithms for latencies, and relative for rates. */
function perRepetition(side: SummarisedCell | undefined, metric: Metric): number[] {
  if (side === undefined) return []
  if (metric === 'requestsPerSec') {
    const { value = 0, deviations = [] } = side.requestsPerSec ?? {}
    return deviations.map(({ deviation }) => value * (1 + deviation))
  }
  const spread = metric in side.latency ? side.latency[metric as keyof typeof side.latency] : null
  return spread === null ? [] : spread.deviations.map(({ deviation }) => spread.value * Math.exp(deviation))
}
