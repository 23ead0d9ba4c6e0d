// How well a rate is known from a count of runs: Clopper and Pearson's exact interval (1934, Biometrika 26:404–413).
import { incompleteBeta } from './student-t.ts'

export interface RateInterval {
  readonly low: number
  readonly high: number
}

/** Two-sided 95 %: each end is missed with this probability at most. */
const MISSED_EACH = 0.025

/**
 * Of the rate that gave `hits` in `runs` independent ones, 0 to 1.
 * @param runs 0: nothing is known, and the interval is everything
 */
export function clopperPearson(hits: number, runs: number): RateInterval {
  if (!(Number.isInteger(hits) && Number.isInteger(runs) && hits >= 0 && hits <= runs)) {
    throw new RangeError(`${hits} of ${runs} is no count of runs`)
  }
  return {
    low: hits === 0 ? 0 : betaQuantile(MISSED_EACH, hits, runs - hits + 1),
    high: hits === runs ? 1 : betaQuantile(1 - MISSED_EACH, hits + 1, runs - hits),
  }
}

/** The x with Iₓ(a, b) = p; by bisection, since Iₓ rises with x. */
function betaQuantile(p: number, a: number, b: number): number {
  let low = 0
  let high = 1
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (incompleteBeta(middle, a, b) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}
