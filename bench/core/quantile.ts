// The one definition of a quantile: type 7, the default of numpy, pandas and R, and DuckDB's quantile_cont.

/** A sorted copy, ascending. Typed arrays sort by value, not as text. */
export function sortedCopy(values: Float64Array): Float64Array {
  return values.slice().sort()
}

/**
 * Linear interpolation between the order statistics around (n − 1)·p (Hyndman and Fan 1996, type 7).
 * @param sorted ascending, not empty
 * @param fraction 0 to 1
 */
export function quantile(sorted: Float64Array, fraction: number): number {
  if (sorted.length === 0) throw new RangeError('no quantile of no values')
  const position = (sorted.length - 1) * Math.min(1, Math.max(0, fraction))
  const index = Math.floor(position)
  const below = sorted[index] as number
  const above = sorted[Math.min(index + 1, sorted.length - 1)] as number
  return below + (above - below) * (position - index)
}
