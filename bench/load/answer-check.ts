// What an answer is worth: its form is checked every time, its values now and then, against the reference's outputs.
import { seededRandom } from '../core/random.ts'
import { INTEGER_RANGE } from '../protocol/tensors.ts'
import type { Codec } from '../protocol/types.ts'
import type { ModelSpec, Tolerance } from '../scenario/types.ts'
import type { LoadJob, Verification } from './types.ts'

/** How the outputs of a model are compared. */
export interface OutputRules extends Tolerance {
  /** Of each output: whole numbers are equal or they are not. */
  readonly exact: readonly boolean[]
}

export function exactOutputs({ outputs }: ModelSpec): readonly boolean[] {
  return outputs.map(({ datatype }) => INTEGER_RANGE[datatype] !== null)
}

/** |value − expected| ≤ absolute + relative · |expected|, as numpy's allclose; equal infinities agree, and NaN with NaN. */
export function agrees(value: number, expected: number, { absolute, relative }: Tolerance): boolean {
  if (value === expected) return true
  if (Number.isNaN(expected)) return Number.isNaN(value)
  // An infinite tolerance of an infinite value would take any.
  return Number.isFinite(expected) && Math.abs(value - expected) <= absolute + relative * Math.abs(expected)
}

export interface ComparedOutputs {
  readonly ok: boolean
  /** Of finite values. */
  readonly maxAbsDifference: number
  /** The first value that differs; null where all agree. */
  readonly wrong: { readonly output: number; readonly element: number } | null
}

/** Two lists of tensors. Shapes are the same by form. */
export function compareOutputs(
  outputs: readonly Float64Array[],
  expected: readonly Float64Array[],
  rules: OutputRules,
): ComparedOutputs {
  let wrong: ComparedOutputs['wrong'] = null
  let maxAbsDifference = 0
  expected.forEach((tensor, output) => {
    const found = outputs[output]
    const isExact = rules.exact[output] === true
    for (let element = 0; element < tensor.length; element++) {
      const value = found?.[element]
      const wanted = tensor[element] as number
      if (value === wanted) continue
      const difference = Math.abs((value ?? Number.NaN) - wanted)
      if (Number.isFinite(difference) && difference > maxAbsDifference) maxAbsDifference = difference
      const isAlike = value !== undefined && !isExact && agrees(value, wanted, rules)
      if (!isAlike && wrong === null) wrong = { output, element }
    }
  })
  return { ok: wrong === null, maxAbsDifference, wrong }
}

export class AnswerCheck {
  readonly #codec: Codec
  readonly #expected: LoadJob['expected']
  readonly #rules: OutputRules | null
  readonly #nextGap: () => number
  #untilNext: number
  #checked = 0
  #disagreed = 0
  #maxAbsDifference = 0

  /**
   * @param exact of each output, whether it holds whole numbers; none: all are floats
   * @param purpose which phase it is for: each has gaps of its own
   */
  constructor(
    codec: Codec,
    { expected, verify }: Pick<LoadJob, 'expected' | 'verify'>,
    { exact = [], seed = 0, purpose = '' }: { exact?: readonly boolean[]; seed?: number; purpose?: string } = {},
  ) {
    this.#codec = codec
    this.#expected = expected
    this.#rules = verify && { ...verify, exact }
    const random = seededRandom(seed, `answers checked in ${purpose}`)
    const most = 2 * (verify?.every ?? 1) - 1
    // A fixed gap would never meet a fault that comes as regularly, nor some of the inputs.
    this.#nextGap = () => 1 + random.below(most)
    this.#untilNext = this.#nextGap()
  }

  /** @returns whether the answer has the form that the model prescribes */
  accept(variant: number, body: Uint8Array, start: number, end: number, headerLength: number): boolean {
    if (!this.#codec.hasForm(body, start, end, headerLength)) return false
    if (--this.#untilNext === 0) {
      this.#untilNext = this.#nextGap()
      this.#compare(variant, body, start, end, headerLength)
    }
    return true
  }

  result(): Verification {
    return { checked: this.#checked, disagreed: this.#disagreed, maxAbsDifference: this.#maxAbsDifference }
  }

  #compare(variant: number, body: Uint8Array, start: number, end: number, headerLength: number): void {
    const expected = this.#expected?.[variant]
    // Also where the reference itself failed to answer this one.
    if (expected === undefined || expected === null || this.#rules === null) return
    const answer = this.#codec.decode(body, start, end, headerLength)
    this.#checked++
    if (!answer.ok) {
      this.#disagreed++
      return
    }
    const { ok, maxAbsDifference } = compareOutputs(answer.outputs, expected, this.#rules)
    if (!ok) this.#disagreed++
    this.#maxAbsDifference = Math.max(this.#maxAbsDifference, maxAbsDifference)
  }
}
