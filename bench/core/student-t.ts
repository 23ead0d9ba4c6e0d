// Student's t and Fisher's F by the incomplete beta function: what intervals and p-values are made of.

/** Lanczos approximation with g = 7, n = 9 (relative error < 1e-14). */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const

function logGamma(x: number): number {
  const z = x - 1
  const sum = LANCZOS.reduce(
    (total, coefficient, index) => total + (index === 0 ? coefficient : coefficient / (z + index)),
    0,
  )
  const shifted = z + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(shifted) - shifted + Math.log(sum)
}

/** Continued fraction of the incomplete beta function by Lentz's method (Press et al., Numerical Recipes, §6.4). */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300
  const awayFromZero = (value: number) => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m <= 500; m++) {
    for (const numerator of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / awayFromZero(1 + numerator * d)
      c = awayFromZero(1 + numerator / c)
      fraction *= d * c
    }
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return fraction
}

/** Regularised incomplete beta function Iₓ(a, b). */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b
}

/** P(|T| ≥ |t|) for Student's t with `df` degrees of freedom (whole or not). */
export function twoSidedP(t: number, df: number): number {
  return incompleteBeta(df / (df + t * t), df / 2, 0.5)
}

/** P(F ≥ f) for Fisher's F. */
export function upperTailF(f: number, dfNumerator: number, dfDenominator: number): number {
  return incompleteBeta(dfDenominator / (dfDenominator + dfNumerator * f), dfDenominator / 2, dfNumerator / 2)
}

/** The t that is exceeded in absolute value with probability `p`: 12.706 for p = 0.05 and df = 1. By bisection. */
export function criticalT(p: number, df: number): number {
  let low = 0
  let high = 1
  while (twoSidedP(high, df) > p) high *= 2
  for (let step = 0; step < 80; step++) {
    const middle = (low + high) / 2
    if (twoSidedP(middle, df) > p) low = middle
    else high = middle
  }
  return (low + high) / 2
}
