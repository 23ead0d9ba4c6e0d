// How many samples carry a percentile: the rule by which a percentile is a number or null.

/** Chance that a percentile is claimed from samples that hold at most one request beyond it. */
const MAX_MISS = 0.01

const known = new Map<number, number>()

/**
 * Smallest n with P(Binomial(n, tail) ≤ 1) ≤ 0.01, where tail = min(p, 1 − p): 64 for p90, 662 for p99.
 * The early-stopping rule of MLPerf Inference (Reddi et al. 2020, §III-D), at 99 % confidence.
 * @param fraction of the percentile, strictly between 0 and 1
 */
export function samplesFor(fraction: number): number {
  const found = known.get(fraction) ?? smallest(Math.min(fraction, 1 - fraction))
  known.set(fraction, found)
  return found
}

function smallest(tail: number): number {
  let enough = 2
  while (missProbability(enough, tail) > MAX_MISS) enough *= 2
  let tooFew = Math.floor(enough / 2)
  while (enough - tooFew > 1) {
    const middle = Math.floor((enough + tooFew) / 2)
    if (missProbability(middle, tail) > MAX_MISS) tooFew = middle
    else enough = middle
  }
  return enough
}

/** P(Binomial(n, tail) ≤ 1); in logarithms, so that a large n does not underflow early. */
function missProbability(n: number, tail: number): number {
  const none = Math.exp(n * Math.log1p(-tail))
  const one = n * tail * Math.exp((n - 1) * Math.log1p(-tail))
  return none + one
}
