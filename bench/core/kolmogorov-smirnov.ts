// The one-sample Kolmogorov-Smirnov test: could these values have come from that distribution?

/**
 * Largest distance between the empirical distribution function and `cdf`.
 * @param sorted ascending, not empty
 */
export function ksDistance(sorted: Float64Array, cdf: (value: number) => number): number {
  const count = sorted.length
  let distance = 0
  for (let index = 0; index < count; index++) {
    const expected = cdf(sorted[index] as number)
    distance = Math.max(distance, (index + 1) / count - expected, expected - index / count)
  }
  return distance
}

/**
 * Asymptotic p-value of a distance, with Stephens' correction for finite samples: good for 5 values and more
 * (Stephens 1970, Journal of the Royal Statistical Society B 32:115–122).
 */
export function ksPValue(distance: number, count: number): number {
  const root = Math.sqrt(count)
  const lambda = (root + 0.12 + 0.11 / root) * distance
  // The series alternates and is slow where the answer is 1 for all purposes.
  if (lambda < 0.2) return 1
  let sum = 0
  for (let k = 1; k <= 100; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * lambda * lambda)
  return Math.min(1, Math.max(0, sum))
}
