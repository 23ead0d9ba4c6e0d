// Pairs of cells → comparisons: a relative change with its interval, a Holm-adjusted p-value, and the only verdicts.
import { holm } from '../core/holm.ts'
import { type Change, changeBetween, type Pairing, pValueOf, relativeChange } from './change.ts'
import { compareErrorRates } from './error-rate.ts'
import type { Metric } from './metrics.ts'
import { moderate } from './moderate.ts'
import { voidingProblem } from './problems.ts'
import type { Comparison } from './run-document.ts'
import type { SummarisedCell } from './summarise.ts'

export interface CellPair {
  /** How each side is named: targets of one run, or runs. */
  readonly baselineName: string
  readonly candidateName: string
  readonly baseline: SummarisedCell
  readonly candidate: SummarisedCell
}

/** Family-wise error rate of all comparisons of a run. */
export const ALPHA = 0.05

/**
 * A significant change below this is no news: the same binary shifts by 1 to 2 % with link order, environment size and
 * memory layout (Mytkowicz et al. 2009, ASPLOS), and no user of a server feels it.
 */
export const MIN_CHANGE = 0.02

const COMPARED = ['p50', 'p90', 'p95', 'p99', 'mean', 'requestsPerSec'] as const

/** A comparison whose verdict waits for the adjustment over all of them. */
interface Draft {
  readonly pair: CellPair
  readonly metric: Metric
  readonly change: Comparison['change']
  /** null: not tested. */
  readonly p: number | null
  readonly why: string
  /** Verdict where there is no test: nothing to compare, or nothing that differs. */
  readonly untested: 'incomparable' | 'unchanged'
}

/** Every metric of every pair, in the pairs' order. */
export function comparePairs(pairs: readonly CellPair[], pairing: Pairing): Comparison[] {
  const byMetric = COMPARED.map((metric) => draftMetric(pairs, metric, pairing))
  const errorRates = pairs.map(draftErrorRate)
  const drafts = pairs.flatMap((_, index) => [...byMetric, errorRates].flatMap((column) => column[index] ?? []))
  const tested = drafts.flatMap(({ p }, index) => (p === null ? [] : [{ p, index }]))
  const adjusted = new Map(holm(tested.map(({ p }) => p)).map((p, rank) => [tested[rank]?.index, p]))
  return drafts.map((draft, index) => conclude(draft, adjusted.get(index) ?? null))
}

function draftMetric(pairs: readonly CellPair[], metric: (typeof COMPARED)[number], pairing: Pairing): Draft[] {
  const spreadOf = (side: SummarisedCell) => (metric === 'requestsPerSec' ? side.requestsPerSec : side.latency[metric])
  const found = pairs.map((pair): Change | string => {
    const spoiled = whySpoiled(pair)
    if (spoiled !== null) return spoiled
    const [baseline, candidate] = [spreadOf(pair.baseline), spreadOf(pair.candidate)]
    if (baseline === null) return `${pair.baselineName} has no ${metric}: too few samples`
    if (candidate === null) return `${pair.candidateName} has no ${metric}: too few samples`
    return changeBetween(baseline, candidate, pairing) ?? `the scatter of ${metric} cannot be told`
  })
  const moderated = moderate(found.filter((change): change is Change => typeof change !== 'string')).values()
  return pairs.map((pair, index) => {
    const own = found[index] as Change | string
    if (typeof own === 'string') return { pair, metric, change: null, p: null, why: own, untested: 'incomparable' }
    const change = moderated.next().value ?? own
    return { pair, metric, change: relativeChange(change), p: pValueOf(change), why: '', untested: 'incomparable' }
  })
}

function draftErrorRate(pair: CellPair): Draft {
  const spoiled = whySpoiled(pair)
  const base = { pair, metric: 'errorRate' as const }
  if (spoiled !== null) return { ...base, change: null, p: null, why: spoiled, untested: 'incomparable' }
  return { ...base, ...compareErrorRates(pair.baseline.errors, pair.candidate.errors) }
}

function whySpoiled({ baseline, candidate, baselineName, candidateName }: CellPair): string | null {
  for (const [side, name] of [[baseline.cell, baselineName] as const, [candidate.cell, candidateName] as const]) {
    const problem = voidingProblem(side)
    if (problem !== null) return `${name}: ${problem.code}: ${problem.message}`
  }
  return null
}

function conclude({ pair, metric, change, p, why, untested }: Draft, pAdjusted: number | null): Comparison {
  const better = metric === 'requestsPerSec' ? 'higher' : 'lower'
  const base = {
    baseline: pair.baselineName,
    candidate: pair.candidateName,
    batchSize: pair.candidate.cell.batchSize,
    load: pair.candidate.cell.load,
    metric,
    better,
    change,
    pAdjusted,
  } as const
  if (p === null || pAdjusted === null) return { ...base, verdict: untested, why }
  // Without a relative change the baseline's rate is 0, and any difference from it is large.
  const size = change === null ? Number.POSITIVE_INFINITY : change.value
  const significant = pAdjusted < ALPHA
  if (significant && Math.abs(size) >= MIN_CHANGE) {
    const verdict = size > 0 === (better === 'higher') ? 'improved' : 'regressed'
    return { ...base, verdict, why: why || `adjusted p ${pText(pAdjusted)}` }
  }
  const reason = significant ? `smaller than ${MIN_CHANGE * 100} %` : `could be chance: adjusted p ${pText(pAdjusted)}`
  return { ...base, verdict: 'unchanged', why: reason }
}

const pText = (p: number) => (p < 0.001 ? '< 0.001' : p.toFixed(3))
