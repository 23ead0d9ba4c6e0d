// Gates as other tools have them, on the same measurements: what dyno's own is held against in docs/method.md.
import { twoSidedP } from '../core/student-t.ts'
import { conditionKeyOf } from './run-document.ts'
import type { Spread } from './spread.ts'
import type { SummarisedCell } from './summarise.ts'

/** One latency of one cell, ms: what each repetition measured before and after a change. */
export interface RepeatedLatency {
  readonly before: readonly number[]
  readonly after: readonly number[]
}

export interface OtherGate {
  readonly name: string
  readonly fails: (latency: RepeatedLatency) => boolean
}

const SIGNIFICANCE = 0.05

/** One number against one number: 200 % is the default of benchmark actions, which look for "twice as slow". */
const threshold = (name: string, factor: number): OtherGate => ({
  name,
  fails: ({ before, after }) => meanOf(after) > factor * meanOf(before),
})

export const OTHER_GATES: readonly OtherGate[] = [
  threshold('previous value, 5 % more', 1.05),
  threshold('previous value, 10 % more', 1.1),
  threshold('previous value, 200 %', 2),
  { name: 't-test over repetitions, p < 0.05', fails: isSlowerByTTest },
]

/** What dyno's rules look at where it is held against them. */
const JUDGED = ['p50', 'p99'] as const

/**
 * Names of the gates that would fail a run: by p50 or p99 of any cell, held against the baseline target's.
 * @param repetitions the planned ones
 */
export function failingGates(
  summarised: readonly SummarisedCell[],
  { baseline, repetitions }: { readonly baseline: string; readonly repetitions: number },
): string[] {
  const baselines = new Map(
    summarised.filter(({ cell }) => cell.target === baseline).map((side) => [conditionKeyOf(side.cell), side]),
  )
  const latencies = summarised
    .filter(({ cell }) => cell.target !== baseline)
    .flatMap((candidate) =>
      JUDGED.flatMap((metric): RepeatedLatency[] => {
        const before = baselines.get(conditionKeyOf(candidate.cell))?.latency[metric] ?? null
        const after = candidate.latency[metric]
        if (before === null || after === null) return []
        return [{ before: repetitionValues(before, repetitions), after: repetitionValues(after, repetitions) }]
      }),
    )
  return OTHER_GATES.filter(({ fails }) => latencies.some(fails)).map(({ name }) => name)
}

/** Welch (1947): unequal variances, two-sided, and the candidate has to be the slower one. Each comparison by itself. */
function isSlowerByTTest({ before, after }: RepeatedLatency): boolean {
  const [one, other] = [errorOf(before), errorOf(after)]
  const difference = meanOf(after) - meanOf(before)
  const squared = one.squared + other.squared
  if (!(difference > 0 && squared > 0)) return false
  const df = squared ** 2 / (one.squared ** 2 / one.df + other.squared ** 2 / other.df)
  return twoSidedP(difference / Math.sqrt(squared), df) < SIGNIFICANCE
}

function errorOf(values: readonly number[]): { readonly squared: number; readonly df: number } {
  const mean = meanOf(values)
  const df = values.length - 1
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / df
  return { squared: variance / values.length, df }
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Each repetition's own value, up to repetition `last`: what was measured to confirm a suspicion is dyno's alone. */
export function repetitionValues({ value, deviations }: Spread, last: number): number[] {
  return deviations.filter(({ repetition }) => repetition <= last).map(({ deviation }) => value * Math.exp(deviation))
}
