// Numbers in JSON as bytes: recognised in place, without allocating, and written so that every bit survives.
import type { Datatype } from '../scenario/types.ts'
import { type IntegerRange, representable } from './tensors.ts'

const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const LOWER_E = 0x65
const UPPER_E = 0x45

// Within these a literal stays below 1e300 and so is finite; anything longer is left to a full parse.
const MAX_INTEGER_DIGITS = 200
const MAX_EXPONENT_DIGITS = 2
// A sum of 15 digits is exact in a double.
const MAX_EXACT_DIGITS = 15

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}

function scanDigits(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && isDigit(bytes[at])) at++
  return at
}

/** Where the integer part that begins at `start` ends (RFC 8259: no leading zeros), or −1. */
function scanIntegerPart(bytes: Uint8Array, start: number, end: number): number {
  const after = scanDigits(bytes, start, end)
  if (after === start || (bytes[start] === ZERO && after > start + 1)) return -1
  return after
}

/** Where the finite JSON number that begins at `start` ends; −1 when there is none, or one too long to be sure. */
export function scanReal(bytes: Uint8Array, start: number, end: number): number {
  const first = start < end && bytes[start] === MINUS ? start + 1 : start
  let at = scanIntegerPart(bytes, first, end)
  if (at < 0 || at - first > MAX_INTEGER_DIGITS) return -1
  if (at < end && bytes[at] === POINT) {
    const fraction = at + 1
    at = scanDigits(bytes, fraction, end)
    if (at === fraction) return -1
  }
  if (at < end && (bytes[at] === LOWER_E || bytes[at] === UPPER_E)) {
    const sign = at + 1
    const exponent = sign < end && (bytes[sign] === MINUS || bytes[sign] === PLUS) ? sign + 1 : sign
    at = scanDigits(bytes, exponent, end)
    if (at === exponent || at - exponent > MAX_EXPONENT_DIGITS) return -1
  }
  return at
}

/** Where the whole number within `range` that begins at `start` ends; −1 when there is none, or one of over 15 digits. */
export function scanInteger(bytes: Uint8Array, start: number, end: number, range: IntegerRange): number {
  const negative = start < end && bytes[start] === MINUS
  const first = negative ? start + 1 : start
  const after = scanIntegerPart(bytes, first, end)
  if (after < 0 || after - first > MAX_EXACT_DIGITS) return -1
  let value = 0
  for (let at = first; at < after; at++) value = value * 10 + ((bytes[at] ?? ZERO) - ZERO)
  if (negative) value = -value
  return value >= range.min && value <= range.max ? after : -1
}

/**
 * A tensor's value as a JSON literal that reads back as the same value of its datatype. A float32 is written as the
 * double that equals it: it is then the middle of its rounding interval, so even a reader that is a few units in the
 * last place off (RapidJSON's default) finds the same float32.
 * @throws RangeError for NaN and infinities, which JSON cannot carry
 */
export function jsonNumber(value: number, datatype: Datatype): string {
  const carried = representable(value, datatype)
  if (!Number.isFinite(carried)) throw new RangeError(`JSON cannot carry ${carried}`)
  if (datatype === 'INT64') return BigInt(carried).toString()
  // A reader takes `-0` for the integer 0, and the sign is lost.
  return Object.is(carried, -0) && datatype.startsWith('FP') ? '-0.0' : String(carried)
}
