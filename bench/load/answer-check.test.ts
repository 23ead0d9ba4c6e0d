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
  it('are compared every nth time, and disagreements are counted', () => {
    const check = new AnswerCheck(codecOf([1], [1.5], [1]), {
      expected: [[Float64Array.of(1)]],
      verify: { tolerance: 1e-5, every: 2 },
    })
    for (let answer = 0; answer < 6; answer++) expect(check.accept(0, BODY, 0, 1, -1)).toBe(true)
    expect(check.result()).toEqual({ checked: 3, disagreed: 1, maxAbsDifference: 0.5 })
  })

  it('of another form are refused, whatever their values', () => {
    const check = new AnswerCheck(codecOf([1]), { expected: null, verify: { tolerance: 1, every: 1 } })
    expect(check.accept(0, BODY, 1, 1, -1)).toBe(false)
    expect(check.result().checked).toBe(0)
  })
})

describe('outputs', () => {
  it.each([
    [[1], [1 + 9e-6], true, 'within the tolerance'],
    [[1], [1 + 2e-5], false, 'beyond it'],
    [[1e6], [1e6 + 5], true, 'large values count relatively'],
    [[0], [Number.NaN], false, 'no number never agrees'],
    [[1, 2], [1], false, 'a value that is missing'],
  ])('%j against %j agree: %s (%s)', (expected, found, ok, _why) => {
    expect(compareOutputs([Float64Array.from(found)], [Float64Array.from(expected)], 1e-5).ok).toBe(ok)
  })
})
