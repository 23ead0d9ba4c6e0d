// What an answer is worth: its form is checked every time, its values every nth time, against the reference's outputs.
import type { Codec } from '../protocol/types.ts'
import type { LoadJob, Verification } from './types.ts'

/** |a − b| ≤ tolerance · max(1, |b|): absolute near zero, relative for large values. NaN never agrees. */
export function agrees(value: number, expected: number, tolerance: number): boolean {
  return Math.abs(value - expected) <= tolerance * Math.max(1, Math.abs(expected))
}

/** The largest absolute difference of two lists of tensors, and whether all values agree. Shapes are the same by form. */
export function compareOutputs(
  outputs: readonly Float64Array[],
  expected: readonly Float64Array[],
  tolerance: number,
): { readonly ok: boolean; readonly maxAbsDifference: number; readonly firstWrong: number } {
  let ok = true
  let firstWrong = -1
  let maxAbsDifference = 0
  expected.forEach((tensor, index) => {
    tensor.forEach((value, element) => {
      const found = outputs[index]?.[element] ?? Number.NaN
      const difference = Math.abs(found - value)
      if (difference > maxAbsDifference) maxAbsDifference = difference
      if (!agrees(found, value, tolerance)) {
        if (ok) firstWrong = element
        ok = false
      }
    })
  })
  return { ok, maxAbsDifference, firstWrong }
}

export class AnswerCheck {
  readonly #codec: Codec
  readonly #expected: LoadJob['expected']
  readonly #tolerance: number
  readonly #every: number
  #untilNext: number
  #checked = 0
  #disagreed = 0
  #maxAbsDifference = 0

  constructor(codec: Codec, { expected, verify }: Pick<LoadJob, 'expected' | 'verify'>) {
    this.#codec = codec
    this.#expected = expected
    this.#tolerance = verify.tolerance
    this.#every = verify.every
    this.#untilNext = verify.every
  }

  /** @returns whether the answer has the form that the model prescribes */
  accept(variant: number, body: Uint8Array, start: number, end: number, headerLength: number): boolean {
    if (!this.#codec.hasForm(body, start, end, headerLength)) return false
    if (--this.#untilNext === 0) {
      this.#untilNext = this.#every
      this.#compare(variant, body, start, end, headerLength)
    }
    return true
  }

  result(): Verification {
    return { checked: this.#checked, disagreed: this.#disagreed, maxAbsDifference: this.#maxAbsDifference }
  }

  #compare(variant: number, body: Uint8Array, start: number, end: number, headerLength: number): void {
    const expected = this.#expected?.[variant]
    if (expected === undefined) return
    const answer = this.#codec.decode(body, start, end, headerLength)
    this.#checked++
    if (!answer.ok) {
      this.#disagreed++
      return
    }
    const { ok, maxAbsDifference } = compareOutputs(answer.outputs, expected, this.#tolerance)
    if (!ok) this.#disagreed++
    this.#maxAbsDifference = Math.max(this.#maxAbsDifference, maxAbsDifference)
  }
}
