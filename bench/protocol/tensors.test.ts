// Values survive the way into bytes and back, wherever the bytes lie.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Datatype } from '../scenario/types.ts'
import {
  BYTES_PER_ELEMENT,
  batchedShape,
  elementCount,
  representable,
  tensorBytes,
  tensorFromBytes,
  tensorToBytes,
  valuesOf,
} from './tensors.ts'

const DATATYPES = Object.keys(BYTES_PER_ELEMENT) as Datatype[]

it.each([
  ['FP32', [1, -2], '0000803f000000c0'],
  ['FP64', [1], '000000000000f03f'],
  ['INT32', [-2], 'feffffff'],
  ['INT64', [-2, 2 ** 53], 'feffffffffffffff0000000000002000'],
  ['UINT8', [255, 7], 'ff07'],
] as const)('writes %s little-endian', (datatype, values, hex) => {
  expect(Buffer.from(tensorToBytes(Float64Array.from(values), datatype)).toString('hex')).toBe(hex)
})

it('reads back what it wrote from every alignment', () => {
  const datatypes = fc.constantFrom(...DATATYPES)
  fc.assert(
    fc.property(datatypes, fc.float64Array({ maxLength: 9 }), fc.nat({ max: 9 }), (datatype, values, shift) => {
      const written = tensorToBytes(values, datatype)
      const shifted = new Uint8Array(written.length + shift + 3)
      shifted.set(written, shift)
      const read = tensorFromBytes(shifted, shift, shift + written.length, datatype)
      expect(read).toEqual(values.map((value) => plusZero(representable(value, datatype), datatype)))
    }),
  )
})

it.each([
  [0.1, 'FP32', Math.fround(0.1)],
  [2.5, 'INT32', 3],
  [1e12, 'INT32', 2 ** 31 - 1],
  [-1e30, 'INT64', -(2 ** 63)],
  [-3, 'UINT8', 0],
  [Number.NaN, 'UINT8', 0],
] as const)('carries %d as %s as %d', (value, datatype, expected) => {
  expect(representable(value, datatype)).toBe(expected)
})

it('counts elements and bytes, the batch first', () => {
  const tensor = { name: 'x', datatype: 'INT64', shape: [2, 3] } as const
  expect([elementCount([]), elementCount([2, 3]), elementCount([4, 0])]).toEqual([1, 6, 0])
  expect(batchedShape(tensor, 8)).toEqual([8, 2, 3])
  expect(tensorBytes(tensor, 8)).toBe(384)
})

it('refuses inputs of the wrong length, and names them', () => {
  const of = { tensor: { name: 'keras_tensor', datatype: 'FP32', shape: [4] }, batchSize: 2 } as const
  expect(valuesOf([new Float64Array(8)], 0, of)).toHaveLength(8)
  expect(() => valuesOf([new Float64Array(4)], 0, of)).toThrow('keras_tensor needs 8 values, got 4')
  expect(() => valuesOf([], 0, of)).toThrow('keras_tensor needs 8 values, got none')
})

/** Integers have no −0. */
function plusZero(value: number, datatype: Datatype): number {
  return datatype.startsWith('FP') ? value : value + 0
}
