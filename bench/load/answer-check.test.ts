import { describe, expect, it } from 'vitest'
import type { Codec } from '../protocol/types.ts'
import { AnswerCheck, compareOutputs } from './answer-check.ts'

const BODY = new Uint8Array(1)

/** Decodes the values that the test prescribes. */
function codecOf(...answers: readonly (readonly number[])[]): Codec {
  let next = 0
  return {
    path: '/',
    requestHeaders: {},
    encode: () => BODY,
    hasForm: (_bytes, start) => start === 0,
    decode: () => ({ ok: true, outputs: [Float64Array.from(answers[next++ % answers.length] ?? [])] }),
  }
}

describe('answers', () => {
  it('are compared now and then, with the mean gap that was asked for, and disagreements are counted', () => {
    const check = new AnswerCheck(codecOf([1.5]), {
      expected: [[Float64Array.of(1)]],
      verify: { absolute: 1e-5, relative: 1e-5, every: 10 },
    })
    for (let answer = 0; answer < 10_000; answer++) expect(check.accept(0, BODY, 0, 1, -1)).toBe(true)
    const { checked, disagreed, maxAbsDifference } = check.result()
    expect(checked).toBeGreaterThan(900)
    expect(checked).toBeLessThan(1100)
    expect([disagreed, maxAbsDifference]).toEqual([checked, 0.5])
  })

  it('are all compared where every one is asked for', () => {
    const check = new AnswerCheck(codecOf([1], [2]), {
      expected: [[Float64Array.of(1)]],
      verify: { absolute: 0, relative: 0, every: 1 },
    })
    for (let answer = 0; answer < 6; answer++) check.accept(0, BODY, 0, 1, -1)
    expect(check.result()).toEqual({ checked: 6, disagreed: 3, maxAbsDifference: 1 })
  })

  it.each([
    [4, 0],
    [4, 1],
    [2, 1],
    [10, 3],
    [64, 5],
  ])('that are wrong every %ith time, from the %ith on, are found out', (period, phase) => {
    let answer = 0
    const codec = {
      ...codecOf([]),
      decode: () => ({ ok: true as const, outputs: [Float64Array.of(answer % period === phase ? 2 : 1)] }),
    }
    const check = new AnswerCheck(codec, {
      expected: Array.from({ length: 64 }, () => [Float64Array.of(1)]),
      verify: { absolute: 1e-5, relative: 1e-5, every: 100 },
    })
    for (; answer < 100_000; answer++) check.accept(answer % 64, BODY, 0, 1, -1)
    const { checked, disagreed } = check.result()
    expect(disagreed / checked).toBeGreaterThan(0.5 / period)
  })

  it('are compared for every input sooner or later', () => {
    const seen = new Set<number>()
    let variant = 0
    const codec = {
      ...codecOf([]),
      decode: () => {
        seen.add(variant)
        return { ok: true as const, outputs: [Float64Array.of(1)] }
      },
    }
    const check = new AnswerCheck(codec, {
      expected: Array.from({ length: 64 }, () => [Float64Array.of(1)]),
      verify: { absolute: 0, relative: 0, every: 64 },
    })
    for (let answer = 0; answer < 50_000; answer++) {
      variant = answer % 64
      check.accept(variant, BODY, 0, 1, -1)
    }
    expect(seen.size).toBe(64)
  })

  it('of another form are refused, whatever their values', () => {
    const check = new AnswerCheck(codecOf([1]), { expected: null, verify: null })
    expect(check.accept(0, BODY, 1, 1, -1)).toBe(false)
    expect(check.result().checked).toBe(0)
  })

  it('are not compared where the reference gave none, or nothing is to be compared', () => {
    for (const job of [
      { expected: [null], verify: { absolute: 0, relative: 0, every: 1 } },
      { expected: [[Float64Array.of(2)]], verify: null },
    ]) {
      const check = new AnswerCheck(codecOf([1]), job)
      check.accept(0, BODY, 0, 1, -1)
      expect(check.result()).toEqual({ checked: 0, disagreed: 0, maxAbsDifference: 0 })
    }
  })
})

describe('outputs', () => {
  const { NaN: NONE, POSITIVE_INFINITY: MOST, NEGATIVE_INFINITY: LEAST } = Number

  it.each([
    [[1], [1 + 9e-6], true, 'within the tolerance'],
    [[1], [1 + 3e-5], false, 'beyond it'],
    [[1e6], [1e6 + 5], true, 'large values count relatively'],
    [[LEAST], [LEAST], true, 'equal infinities agree'],
    [[LEAST], [MOST], false, 'opposite infinities do not'],
    [[LEAST], [-1e308], false, 'nothing is near infinity'],
    [[NONE], [NONE], true, 'NaN is the expected NaN'],
    [[0], [NONE], false, 'NaN is no number'],
    [[NONE], [0], false, 'a number is not NaN'],
    [[1, 2], [1], false, 'a value that is missing'],
  ])('%j against %j agree: %s (%s)', (expected, found, ok, _why) => {
    const rules = { absolute: 1e-5, relative: 1e-5, exact: [false] }
    const compared = compareOutputs([Float64Array.from(found)], [Float64Array.from(expected)], rules)
    expect(compared.ok).toBe(ok)
    expect(Number.isFinite(compared.maxAbsDifference)).toBe(true)
  })

  it('of whole numbers are equal or they are not, and the one that differs is named', () => {
    const rules = { absolute: 1, relative: 1, exact: [false, true] }
    const expected = [Float64Array.of(0.5), Float64Array.of(7, 250_000)]
    const found = [Float64Array.of(0.6), Float64Array.of(7, 250_001)]
    expect(compareOutputs(found, expected, rules)).toEqual({
      ok: false,
      maxAbsDifference: 1,
      wrong: { output: 1, element: 1 },
    })
  })
})
