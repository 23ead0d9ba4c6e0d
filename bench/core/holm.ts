// Holm's step-down adjustment: many comparisons, one family-wise error rate, whatever their dependence.

/** Adjusted p-values in the order given. Holm (1979), Scandinavian Journal of Statistics 6:65–70. */
export function holm(pValues: readonly number[]): number[] {
  const ascending = pValues.map((_, index) => index).sort((a, b) => (pValues[a] ?? 1) - (pValues[b] ?? 1))
  const adjusted = new Array<number>(pValues.length).fill(1)
  let largest = 0
  ascending.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * (pValues[index] ?? 1)))
    adjusted[index] = largest
  })
  return adjusted
}
