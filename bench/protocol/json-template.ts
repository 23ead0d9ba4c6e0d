// The fast way to know an answer's form: its bytes equal an accepted answer's, except for numbers that may differ.
// Nothing is parsed or allocated when an answer is matched; what does not match is left to a full parse.
import { isDigit, scanInteger, scanReal } from './json-number.ts'
import { SameBytes } from './same-bytes.ts'
import type { IntegerRange } from './tensors.ts'

/** What may stand where a number stood: any finite number, a whole number of a range, or only the same bytes. */
export type NumberSlot = 'real' | IntegerRange | 'same'

/** Keys and indices from the root, such as `['outputs', 0, 'data', 3]`. */
export type JsonPath = readonly (string | number)[]

export interface JsonTemplate {
  readonly length: number
  readonly same: SameBytes
  /** Where each number that may differ begins and ends in it. */
  readonly numberStarts: Int32Array
  readonly numberEnds: Int32Array
  /** null for any finite number. */
  readonly ranges: readonly (IntegerRange | null)[]
}

interface Frame {
  readonly isArray: boolean
  index: number
  key: string
}

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

// Deeper numbers are no tensor values; they stay as they are, whatever a hostile answer nests.
const MAX_DEPTH = 4

/**
 * Makes a template of an answer that a full parse accepted.
 * @param json valid JSON
 * @param slotOf says which numbers may differ; it must not free one on which the acceptance depended
 */
export function learnTemplate(json: Uint8Array, slotOf: (path: JsonPath) => NumberSlot): JsonTemplate {
  const bytes = Uint8Array.from(json)
  const starts: number[] = []
  const ends: number[] = []
  const ranges: (IntegerRange | null)[] = []
  visitNumbers(bytes, (path, start, end) => {
    const slot = slotOf(path)
    if (slot === 'same') return
    starts.push(start)
    ends.push(end)
    ranges.push(slot === 'real' ? null : slot)
  })
  return {
    length: bytes.length,
    same: new SameBytes(bytes),
    numberStarts: Int32Array.from(starts),
    numberEnds: Int32Array.from(ends),
    ranges,
  }
}

/** Whether `bytes[start, end)` is the template with other allowed numbers. Allocates nothing. */
export function matchesTemplate(template: JsonTemplate, bytes: Uint8Array, start: number, end: number): boolean {
  const { same } = template
  const numbers = template.ranges.length
  let literalStart = 0
  let at = start
  for (let number = 0; number <= numbers; number++) {
    const literalEnd = number === numbers ? template.length : (template.numberStarts[number] ?? 0)
    if (at + literalEnd - literalStart > end) return false
    if (!same.liesAt(bytes, at, literalStart, literalEnd)) return false
    at += literalEnd - literalStart
    if (number === numbers) break
    const range = template.ranges[number] ?? null
    at = range === null ? scanReal(bytes, at, end) : scanInteger(bytes, at, end, range)
    if (at < 0) return false
    literalStart = template.numberEnds[number] ?? 0
  }
  return at === end
}

/** Walks valid JSON and visits every number that lies at most `MAX_DEPTH` deep. */
function visitNumbers(bytes: Uint8Array, visit: (path: JsonPath, start: number, end: number) => void): void {
  const frames: Frame[] = []
  let expectsKey = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    const frame = frames.at(-1)
    if (byte === QUOTE) {
      const after = endOfString(bytes, at)
      if (expectsKey && frame !== undefined) frame.key = keyAt(bytes, at, after)
      at = after - 1
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      frames.push({ isArray: byte === OPEN_ARRAY, index: 0, key: '' })
      expectsKey = byte === OPEN_OBJECT
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      frames.pop()
      expectsKey = false
    } else if (byte === COMMA && frame !== undefined) {
      frame.index++
      expectsKey = !frame.isArray
    } else if (byte === COLON) {
      expectsKey = false
    } else if (byte === MINUS || isDigit(byte)) {
      const after = endOfNumber(bytes, at)
      if (frames.length <= MAX_DEPTH) visit(pathOf(frames), at, after)
      at = after - 1
    }
  }
}

function pathOf(frames: readonly Frame[]): JsonPath {
  return frames.map((frame) => (frame.isArray ? frame.index : frame.key))
}

function keyAt(bytes: Uint8Array, start: number, end: number): string {
  return String(JSON.parse(new TextDecoder().decode(bytes.subarray(start, end))))
}

function endOfString(bytes: Uint8Array, openingQuote: number): number {
  let at = openingQuote + 1
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at + 1
}

function endOfNumber(bytes: Uint8Array, start: number): number {
  let at = start
  // In valid JSON only these bytes can follow within a number: digits, `.`, `+`, `-`, `e`, `E`.
  while (at < bytes.length && (isDigit(bytes[at]) || '.+-eE'.includes(String.fromCharCode(bytes[at] ?? 0)))) at++
  return at
}
