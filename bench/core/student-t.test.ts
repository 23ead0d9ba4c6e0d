import { describe, expect, it } from 'vitest'
import { criticalT, incompleteBeta, twoSidedP, upperTailF } from './student-t.ts'

describe('Student’s t', () => {
  it.each([
    [1, 12.7062],
    [2, 4.30265],
    [4, 2.77645],
    [10, 2.22814],
    [30, 2.04227],
    [1e6, 1.95997],
  ])('has the textbook’s two-sided 5 %% point with %d degrees of freedom', (df, expected) => {
    expect(criticalT(0.05, df)).toBeCloseTo(expected, 4)
  })

  it('gives p-values that its critical points invert', () => {
    for (const p of [0.5, 0.05, 1e-6])
      for (const df of [1, 3.7, 20]) expect(twoSidedP(criticalT(p, df), df)).toBeCloseTo(p, 10)
  })

  it('is symmetric and has all its mass', () => {
    expect(twoSidedP(-2, 5)).toBe(twoSidedP(2, 5))
    expect(twoSidedP(0, 5)).toBe(1)
    expect(twoSidedP(Number.POSITIVE_INFINITY, 5)).toBe(0)
  })
})

it('knows the beta function where it has a closed form', () => {
  expect(incompleteBeta(0.3, 1, 1)).toBeCloseTo(0.3, 12)
  expect(incompleteBeta(0.3, 2, 1)).toBeCloseTo(0.09, 12)
  expect(incompleteBeta(0, 2, 3)).toBe(0)
  expect(incompleteBeta(1, 2, 3)).toBe(1)
})

it('has the textbook’s 5 % point of F', () => {
  expect(upperTailF(2.866, 4, 20)).toBeCloseTo(0.05, 4)
})
