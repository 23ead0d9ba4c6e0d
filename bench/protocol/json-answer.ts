// Reading JSON answers: a bounded full parse that never throws, and a template of the last good answer in front of it.

import type { ModelSpec } from '../scenario/types.ts'
import type { JsonPath, JsonTemplate, NumberSlot } from './json-template.ts'
import { learnTemplate, matchesTemplate } from './json-template.ts'
import { elementCount, type IntegerRange } from './tensors.ts'
import type { AnswerOutputs, Codec } from './types.ts'

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string }

export interface JsonForm {
  /** A larger answer is refused unread. */
  readonly maxBytes: number
  /** Judges a parsed answer and takes its values out. */
  readonly read: (document: unknown) => AnswerOutputs
  /** Which numbers of this accepted answer may differ in others without `read` refusing them. */
  readonly slotOf: (document: unknown, path: JsonPath) => NumberSlot
}

// ignoreBOM keeps the mark in the text, where JSON refuses it, as RFC 8259 wants.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Room for a few hundred bytes of frame and 32 bytes for each number, many times over. */
export function maxJsonBytes(elements: number): number {
  return 64 * 1024 + 64 * elements
}

/** Small answers are given room for whatever a server adds to them. */
const LEAST_ANSWER_BYTES = 16 * 1024 * 1024

/** Of a whole answer through any door: by the outputs that the model is said to have, written as the longest JSON. */
export function maxAnswerBytes({ outputs }: Pick<ModelSpec, 'outputs'>, batchSize: number): number {
  const elements = outputs.reduce((sum, { shape }) => sum + batchSize * elementCount(shape), 0)
  return Math.max(LEAST_ANSWER_BYTES, maxJsonBytes(elements))
}

/** Both ways to judge a JSON answer, which agree on every input. */
export function jsonAnswerReader(form: JsonForm): Pick<Codec, 'hasForm' | 'decode'> {
  let template: JsonTemplate | null = null
  return {
    hasForm(bytes, start, end) {
      if (end - start > form.maxBytes) return false
      if (template !== null && matchesTemplate(template, bytes, start, end)) return true
      const parsed = parseJson(bytes.subarray(start, end), form.maxBytes)
      if (!parsed.ok || !form.read(parsed.value).ok) return false
      const answer = bytes.subarray(start, end)
      // A template is of JSON in the strict sense: other answers are parsed each time.
      if (!NOT_FINITE.test(decoder.decode(answer))) {
        template = learnTemplate(answer, (path) => form.slotOf(parsed.value, path))
      }
      return true
    },
    decode(bytes, start, end) {
      const parsed = parseJson(bytes.subarray(start, end), form.maxBytes)
      return parsed.ok ? form.read(parsed.value) : parsed
    },
  }
}

/** Triton, Python and others write them into JSON as they are, where RFC 8259 has no such numbers. */
const NOT_FINITE = /NaN|Infinity/
const STRING_OR_NOT_FINITE = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g
/** Stands for them after parsing, in front of their name: a character that no server has a use for. */
const MARK = '\uFDD0'

/** Each becomes a marked string, which `numberOf` reads; text within strings stays as it is. */
function parseNotFinite(text: string): unknown {
  if (/\uFDD0|\\ufdd0/i.test(text)) return JSON.parse(text)
  return JSON.parse(
    text.replace(STRING_OR_NOT_FINITE, (found) => (found.startsWith('"') ? found : `"${MARK}${found}"`)),
  )
}

/** The number that an item of a parsed answer is; null where it is none. */
export function numberOf(item: unknown): number | null {
  if (typeof item === 'number') return item
  return typeof item === 'string' && item.startsWith(MARK) ? Number(item.slice(MARK.length)) : null
}

/** Strict UTF-8 and JSON, but for NaN and infinities; the reason names the size or the place. */
export function parseJson(bytes: Uint8Array, maxBytes: number): Parsed<unknown> {
  if (bytes.length > maxBytes) {
    return { ok: false, reason: `the answer has ${bytes.length} bytes, more than ${maxBytes} are never needed` }
  }
  try {
    const text = decoder.decode(bytes)
    return { ok: true, value: NOT_FINITE.test(text) ? parseNotFinite(text) : JSON.parse(text) }
  } catch {
    return { ok: false, reason: `the answer is no JSON: ${excerpt(new TextDecoder().decode(bytes.subarray(0, 200)))}` }
  }
}

/** JSON numbers that a tensor can hold: NaN and infinities by their names only, and whole and within range for integer datatypes. */
export function numbersOf(value: unknown, count: number, range: IntegerRange | null): Parsed<Float64Array> {
  if (!Array.isArray(value)) return { ok: false, reason: `is ${excerpt(value)}, expected a list of ${count} numbers` }
  if (value.length !== count) return { ok: false, reason: `has ${value.length} values, expected ${count}` }
  for (const [index, item] of value.entries()) {
    const wrong = numberProblem(item, range)
    if (wrong !== null) return { ok: false, reason: `has ${wrong} at ${index}` }
  }
  return { ok: true, value: Float64Array.from(value, (item) => numberOf(item) ?? Number.NaN) }
}

/** Why `value` is not the number that was expected, `null` when it is. */
export function numberProblem(value: unknown, range: IntegerRange | null): string | null {
  if (typeof value !== 'number') {
    if (numberOf(value) === null) return `${excerpt(value)} instead of a number`
    return range === null ? null : 'no whole number'
  }
  if (!Number.isFinite(value)) return 'a number beyond the range of a double'
  if (range === null) return null
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return null
  return `${value}, expected a whole number from ${range.min} to ${range.max}`
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** At most 80 characters of anything, for a line of text. */
export function excerpt(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? shape(value) : (JSON.stringify(value) ?? 'nothing')
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

function shape(value: object): string {
  return Array.isArray(value) ? `a list of ${value.length}` : `an object with ${Object.keys(value).length} keys`
}
