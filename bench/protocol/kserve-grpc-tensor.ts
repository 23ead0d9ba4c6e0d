// Typed `contents` of a tensor: the form in which a server may answer instead of raw bytes.
import type { Datatype } from '../scenario/types.ts'
import { type ProtobufReader, WIRE } from './protobuf.ts'
import { BYTES_PER_ELEMENT, tensorFromBytes } from './tensors.ts'

/** Its field in InferTensorContents, and that field's wire type when it is not packed. */
const CONTENTS = {
  FP32: { field: 6, wire: WIRE.fixed32 },
  FP64: { field: 7, wire: WIRE.fixed64 },
  INT32: { field: 2, wire: WIRE.varint },
  INT64: { field: 3, wire: WIRE.varint },
  UINT8: { field: 4, wire: WIRE.varint },
} as const satisfies Record<Datatype, { field: number; wire: number }>

/**
 * Exactly `count` values of the InferTensorContents in which `message` stands; packed and unpacked fields are both right.
 * `null` when it is malformed, of another type, or of another count.
 * @param packed a second reader to be used on the way
 */
export function valuesFromContents(
  datatype: Datatype,
  count: number,
  message: ProtobufReader,
  packed: ProtobufReader,
): Float64Array | null {
  const { field, wire } = CONTENTS[datatype]
  const values = new Float64Array(count)
  let filled = 0
  while (message.next()) {
    if (message.field !== field) return null
    if (message.wireType === WIRE.varint && wire === WIRE.varint) {
      if (filled >= count) return null
      values[filled++] = message.signed
      continue
    }
    if (message.wireType !== WIRE.bytes && message.wireType !== wire) return null
    const added =
      wire === WIRE.varint ? varints(message, packed, count - filled) : fixed(datatype, message, count - filled)
    if (added === null) return null
    values.set(added, filled)
    filled += added.length
  }
  return message.failed || filled !== count ? null : values
}

/** Fixed-size elements in the message's present value; `null` when they are cut or more than `room`. */
function fixed(datatype: Datatype, message: ProtobufReader, room: number): Float64Array | null {
  const elements = (message.valueEnd - message.valueStart) / BYTES_PER_ELEMENT[datatype]
  if (!Number.isInteger(elements) || elements > room) return null
  return tensorFromBytes(message.bytes, message.valueStart, message.valueEnd, datatype)
}

function varints(message: ProtobufReader, packed: ProtobufReader, room: number): number[] | null {
  const values: number[] = []
  packed.reset(message.bytes, message.valueStart, message.valueEnd)
  while (!packed.atEnd) {
    if (values.length >= room || !packed.varint()) return null
    values.push(packed.signed)
  }
  return values
}
