// The nearest-rank quantile: a second, simpler definition for tests that must not lean on the product's own.
export function quantileOf(values: Float64Array, fraction: number): number {
  return values.toSorted()[Math.max(0, Math.ceil(fraction * values.length) - 1)] ?? Number.NaN
}
