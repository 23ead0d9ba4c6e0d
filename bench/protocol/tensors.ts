// Tensor arithmetic shared by the codecs: sizes, and values as little-endian bytes of a datatype.
import type { Datatype, TensorSpec } from '../scenario/types.ts'

export const BYTES_PER_ELEMENT = { FP32: 4, FP64: 8, INT32: 4, INT64: 8, UINT8: 1 } as const satisfies Record<
  Datatype,
  number
>

export interface IntegerRange {
  readonly min: number
  readonly max: number
}

/** What an integer datatype can hold, as doubles; `null` for floating point. INT64 ends at the last double below 2^63. */
export const INTEGER_RANGE: Readonly<Record<Datatype, IntegerRange | null>> = {
  FP32: null,
  FP64: null,
  INT32: { min: -(2 ** 31), max: 2 ** 31 - 1 },
  INT64: { min: -(2 ** 63), max: 2 ** 63 - 1024 },
  UINT8: { min: 0, max: 255 },
}

/** Product of the dimensions; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1)
}

/** The shape as it travels: the batch dimension first. */
export function batchedShape(tensor: TensorSpec, batchSize: number): readonly number[] {
  return [batchSize, ...tensor.shape]
}

/** Bytes of a whole batch of a tensor in binary form. */
export function tensorBytes(tensor: TensorSpec, batchSize: number): number {
  return batchSize * elementCount(tensor.shape) * BYTES_PER_ELEMENT[tensor.datatype]
}

/**
 * The value that a tensor of this datatype carries: float32 rounded, integers rounded and saturated. Every codec sends
 * this one, so that two targets never see different inputs.
 */
export function representable(value: number, datatype: Datatype): number {
  const range = INTEGER_RANGE[datatype]
  if (range !== null) return Number.isNaN(value) ? 0 : Math.min(range.max, Math.max(range.min, Math.round(value)))
  return datatype === 'FP32' ? Math.fround(value) : value
}

/**
 * The values of the input tensor at `index`.
 * @throws RangeError when there are not exactly `batchSize` rows of it (a bug of the caller)
 */
export function valuesOf(
  inputs: readonly Float64Array[],
  index: number,
  of: { readonly tensor: TensorSpec; readonly batchSize: number },
): Float64Array {
  const expected = of.batchSize * elementCount(of.tensor.shape)
  const values = inputs[index]
  if (values?.length === expected) return values
  throw new RangeError(`input ${of.tensor.name} needs ${expected} values, got ${values?.length ?? 'none'}`)
}

const WRITERS: Readonly<Record<Datatype, (view: DataView, offset: number, value: number) => void>> = {
  FP32: (view, offset, value) => view.setFloat32(offset, value, true),
  FP64: (view, offset, value) => view.setFloat64(offset, value, true),
  INT32: (view, offset, value) => view.setInt32(offset, value, true),
  INT64: (view, offset, value) => view.setBigInt64(offset, BigInt(value), true),
  UINT8: (view, offset, value) => view.setUint8(offset, value),
}

const READERS: Readonly<Record<Datatype, (view: DataView, offset: number) => number>> = {
  FP32: (view, offset) => view.getFloat32(offset, true),
  FP64: (view, offset) => view.getFloat64(offset, true),
  INT32: (view, offset) => view.getInt32(offset, true),
  INT64: (view, offset) => Number(view.getBigInt64(offset, true)),
  UINT8: (view, offset) => view.getUint8(offset),
}

/** Values as little-endian bytes. INT64 is exact to 2^53, as a double is. */
export function tensorToBytes(values: Float64Array, datatype: Datatype): Uint8Array {
  const size = BYTES_PER_ELEMENT[datatype]
  const bytes = new Uint8Array(values.length * size)
  const view = new DataView(bytes.buffer)
  const write = WRITERS[datatype]
  for (const [index, value] of values.entries()) write(view, index * size, representable(value, datatype))
  return bytes
}

/**
 * Reads `bytes[start, end)`, which need not be aligned.
 * @throws RangeError when that is no whole number of elements, or lies outside the buffer (check the length before)
 */
export function tensorFromBytes(bytes: Uint8Array, start: number, end: number, datatype: Datatype): Float64Array {
  const size = BYTES_PER_ELEMENT[datatype]
  if ((end - start) % size !== 0) throw new RangeError(`${end - start} bytes are no whole number of ${datatype}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start)
  const read = READERS[datatype]
  return Float64Array.from({ length: (end - start) / size }, (_, index) => read(view, index * size))
}
