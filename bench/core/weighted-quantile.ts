// Quantiles of values that stand for unlike many others: what several logs of bounded size kept, as one distribution.

export interface KeptValues {
  /** In any order. */
  readonly values: readonly number[]
  /** How many values there were; those kept stand for equally many each. */
  readonly count: number
}

/** Type 7 (Hyndman and Fan) where every value stands for as many. `null` where there are no values. */
export function weightedQuantile(logs: readonly KeptValues[], fraction: number): number | null {
  return weightedQuantiles(logs, [fraction])[0] ?? null
}

/** @param fractions ascending; @returns as many, or none where there are no values */
export function weightedQuantiles(logs: readonly KeptValues[], fractions: readonly number[]): readonly number[] {
  const entries = logs
    .flatMap(({ values, count }) => values.map((value) => ({ value, weight: count / values.length })))
    .sort((one, other) => one.value - other.value)
  const [first, last] = [entries[0], entries.at(-1)]
  if (first === undefined || last === undefined) return []
  // Between the middles of the first and of the last value.
  const whole = entries.reduce((sum, { weight }) => sum + weight, 0) - (first.weight + last.weight) / 2
  let at = 0
  let passed = 0
  return fractions.map((fraction) => {
    const wanted = fraction * whole
    for (; at < entries.length - 1; at++) {
      const [before, after] = [entries[at] ?? first, entries[at + 1] ?? last]
      const step = (before.weight + after.weight) / 2
      if (wanted <= passed + step) return before.value + (after.value - before.value) * ((wanted - passed) / step)
      passed += step
    }
    return last.value
  })
}

/** At most `most` values, ascending, that have nearly the same quantiles; all of them where they are not more. */
export function thinned({ values, count }: KeptValues, most: number): KeptValues {
  const sorted = Float64Array.from(values).sort()
  if (sorted.length <= most) return { values: [...sorted], count }
  const kept = Array.from({ length: most }, (_, index) =>
    Number(sorted[Math.round((index * (sorted.length - 1)) / (most - 1))]),
  )
  return { values: kept, count }
}
