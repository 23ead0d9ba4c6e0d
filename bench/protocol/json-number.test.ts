// The scanners against JSON.parse as the oracle: they may give up, but never take what is no such number.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { jsonNumber, scanInteger, scanReal } from './json-number.ts'

const INT32 = { min: -(2 ** 31), max: 2 ** 31 - 1 }

it.each(['0', '-0', '7', '-12.5', '1e5', '0.1E-07', '1234567890.25e+10', '5e-324', '1.0000000000000000000000001'])(
  'scans %s to its end',
  (literal) => {
    const bytes = Buffer.from(`${literal},`)
    const isLong = literal.includes('324')
    expect(scanReal(bytes, 0, bytes.length)).toBe(isLong ? -1 : literal.length)
  },
)

it.each(['', '-', '.5', '5.', '01', '+1', '1e', '1e+', 'NaN', 'Infinity', '1e999', `${'9'.repeat(400)}`])(
  'takes no number from %s',
  (literal) => {
    const bytes = Buffer.from(literal)
    expect(scanReal(bytes, 0, bytes.length)).toBe(-1)
  },
)

it('stops at the end it is given', () => {
  expect(scanReal(Buffer.from('12345'), 0, 2)).toBe(2)
  expect(scanReal(Buffer.from('1.5'), 0, 2)).toBe(-1)
  expect(scanInteger(Buffer.from('12345'), 1, 3, INT32)).toBe(3)
})

it.each([
  ['2147483647', 10],
  ['2147483648', -1],
  ['-2147483648', 11],
  ['-2147483649', -1],
  ['007', -1],
  ['1234567890123456', -1],
])('reads %s as a 32-bit integer up to %d', (literal, end) => {
  expect(scanInteger(Buffer.from(literal), 0, literal.length, INT32)).toBe(end)
})

it('agrees with JSON.parse on anything made of the characters of numbers', () => {
  const literals = fc.string({ unit: fc.constantFrom(...'00123459.-+eE'), minLength: 1, maxLength: 9 })
  fc.assert(
    fc.property(literals, (literal) => {
      const bytes = Buffer.from(literal)
      const isWhole = scanReal(bytes, 0, bytes.length) === bytes.length
      if (isWhole) expect(Number.isFinite(JSON.parse(literal))).toBe(true)
      const isInteger = scanInteger(bytes, 0, bytes.length, INT32) === bytes.length
      if (isInteger) expect(Math.abs(JSON.parse(literal))).toBeLessThanOrEqual(2 ** 31)
    }),
    { numRuns: 3000 },
  )
})

it('writes every float32 so that it reads back as the same float32', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const literal = jsonNumber(value, 'FP32')
      expect(Object.is(Math.fround(JSON.parse(literal)), value)).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

it('keeps the sign of zero and every digit of a 64-bit integer', () => {
  expect(jsonNumber(-0, 'FP32')).toBe('-0.0')
  expect(jsonNumber(-0.2, 'INT32')).toBe('0')
  expect(jsonNumber(2 ** 63, 'INT64')).toBe('9223372036854774784')
  expect(() => jsonNumber(Number.NaN, 'FP32')).toThrow(RangeError)
  expect(() => jsonNumber(1e300, 'FP32')).toThrow(RangeError)
})
