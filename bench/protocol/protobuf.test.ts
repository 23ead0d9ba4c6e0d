// The wire format at its edges: varints of every size, cut fields, and bytes that are no message.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ProtobufReader, ProtobufWriter } from './protobuf.ts'

function readAll(bytes: Uint8Array): { fields: number[]; failed: boolean } {
  const reader = new ProtobufReader()
  reader.reset(bytes, 0, bytes.length)
  const fields: number[] = []
  while (reader.next()) fields.push(reader.field)
  return { fields, failed: reader.failed }
}

it('gives back varints up to 2^53', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 2 ** 29 - 1 }), (value, field) => {
      const bytes = new ProtobufWriter().varint(field, value).finish()
      const reader = new ProtobufReader()
      reader.reset(bytes, 0, bytes.length)
      expect(reader.next()).toBe(true)
      expect([reader.field, reader.signed]).toEqual([field, value])
      expect(reader.next()).toBe(false)
      expect(reader.failed).toBe(false)
    }),
    { seed: 6 },
  )
})

it('reads a negative number, which has ten bytes', () => {
  const reader = new ProtobufReader()
  const minusTwo = Uint8Array.of(0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)
  reader.reset(minusTwo, 0, minusTwo.length)
  reader.next()
  expect(reader.signed).toBe(-2)
})

it.each([
  ['a varint without an end', [0x08, 0x80]],
  ['a varint of eleven bytes', [0x08, ...new Array(10).fill(0x80), 0]],
  ['a length over the end', [0x0a, 0x02, 0]],
  ['a length over 2^32', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
  ['field 0', [0x00, 0x00]],
  ['a group', [0x0b]],
  ['a cut fixed64', [0x09, 1, 2, 3]],
])('fails at %s', (_, bytes) => {
  expect(readAll(Uint8Array.from(bytes))).toEqual({ fields: [], failed: true })
})

it('never reads outside of its bounds, and always ends', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const reader = new ProtobufReader()
      const end = Math.floor(bytes.length / 2)
      reader.reset(bytes, 0, end)
      while (reader.next()) expect(reader.valueEnd).toBeLessThanOrEqual(end)
    }),
    { numRuns: 8000, seed: 7 },
  )
})
