// Few repetitions, many comparisons: each borrows from the others how much repetitions scatter beyond what blocks predict.
// With 5 repetitions a single comparison has 4 degrees of freedom, and a Holm-corrected test no power; the matrix has many.
import type { Change } from './change.ts'

/** From fewer comparisons nothing is borrowed. */
const MIN_COMPARISONS = 4

/**
 * However well the comparisons agree: latencies are not known to be normal further out than this many degrees of
 * freedom reach. By simulation: uncapped, A/A matrices have up to 10 % family-wise false alarms at 5 %.
 */
const MAX_DF = 20

/**
 * Smyth's moderated variances (2004, Stat. Appl. Genet. Mol. Biol. 3:3, "limma") of the ratio between-repetition variance
 * over block variance: a scaled F prior is fitted by the moments of the log ratios, and every variance is shrunk
 * towards it by as much as the ratios agree, and by no more than its block variance is worth. Where the ratios do not
 * agree, nothing changes.
 * @param changes of one metric; order is kept
 */
export function moderate(changes: readonly Change[]): Change[] {
  const usable = changes.filter(isUsable)
  if (usable.length < MIN_COMPARISONS) return [...changes]
  const prior = fitPrior(usable)
  return changes.map((change) => {
    if (!isUsable(change)) return change
    const { uncertainty, within } = change
    const priorDf = 1 / (1 / prior.df + 1 / within.df)
    const df = uncertainty.df + priorDf
    const variance = (priorDf * prior.ratio * within.variance + uncertainty.df * uncertainty.variance) / df
    return { ...change, uncertainty: { variance, df: Math.max(uncertainty.df, Math.min(MAX_DF, df)) } }
  })
}

type Usable = Change & { readonly within: NonNullable<Change['within']> }

function isUsable(change: Change): change is Usable {
  return change.within !== null && change.within.variance > 0 && change.uncertainty.variance > 0
}

/** By the moments of log F, whose mean and variance are sums of digamma and trigamma functions of the two df. */
function fitPrior(changes: readonly Usable[]): { readonly df: number; readonly ratio: number } {
  const bias = (df: number) => digamma(df / 2) - Math.log(df / 2)
  const centred = changes.map(
    ({ uncertainty, within }) =>
      Math.log(uncertainty.variance / within.variance) - bias(uncertainty.df) + bias(within.df),
  )
  const mean = centred.reduce((sum, value) => sum + value, 0) / centred.length
  const scatter = centred.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (centred.length - 1)
  const expected =
    changes.reduce((sum, { uncertainty, within }) => sum + trigamma(uncertainty.df / 2) + trigamma(within.df / 2), 0) /
    changes.length
  if (scatter <= expected) return { df: Number.POSITIVE_INFINITY, ratio: Math.exp(mean) }
  const half = inverseTrigamma(scatter - expected)
  return { df: 2 * half, ratio: Math.exp(mean + bias(2 * half)) }
}

/** ψ(x), x > 0: recurrence to x ≥ 10, then the asymptotic series (Abramowitz and Stegun 6.3.5, 6.3.18). */
export function digamma(x: number): number {
  if (x < 10) return digamma(x + 1) - 1 / x
  const square = 1 / (x * x)
  return Math.log(x) - 1 / (2 * x) - square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))
}

/** ψ′(x), x > 0 (Abramowitz and Stegun 6.4.6, 6.4.12). */
export function trigamma(x: number): number {
  if (x < 10) return trigamma(x + 1) + 1 / (x * x)
  const square = 1 / (x * x)
  return 1 / x + square / 2 + (square / x) * (1 / 6 - square * (1 / 30 - square * (1 / 42 - square / 30)))
}

/** ψ′ falls from ∞ to 0: bisection on the logarithm. */
function inverseTrigamma(value: number): number {
  let low = Math.log(1e-6)
  let high = Math.log(1e9)
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2
    if (trigamma(Math.exp(middle)) > value) low = middle
    else high = middle
  }
  return Math.exp((low + high) / 2)
}
