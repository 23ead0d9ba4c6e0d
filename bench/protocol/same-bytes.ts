// Whether bytes are the expected ones, four at a time: most answers of a load test differ from the last one in a few digits.

const WORD_BYTES = 4

export class SameBytes {
  readonly #expected: DataView
  /** What was compared last, and the view of it: what comes in lies in one buffer for as long as a loop lives. */
  #bytes: Uint8Array
  #view: DataView

  /** @param expected may change afterwards: what it holds at the time of a comparison counts */
  constructor(expected: Uint8Array) {
    this.#expected = viewOf(expected)
    this.#bytes = expected
    this.#view = this.#expected
  }

  /**
   * Whether `expected[from, to)` lies in `bytes` at `start`.
   * @throws RangeError where either is shorter than that
   */
  liesAt(bytes: Uint8Array, start: number, from: number, to: number): boolean {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#view = viewOf(bytes)
    }
    const view = this.#view
    const expected = this.#expected
    let at = start
    let index = from
    for (; index <= to - WORD_BYTES; index += WORD_BYTES, at += WORD_BYTES) {
      if (view.getInt32(at, true) !== expected.getInt32(index, true)) return false
    }
    for (; index < to; index++, at++) {
      if (view.getUint8(at) !== expected.getUint8(index)) return false
    }
    return true
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
