// The little of protobuf's wire format that KServe needs: a writer for requests, and a cursor that reads without allocating.

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** Appends fields in the order of the calls. Numbers have to be non-negative and below 2^53. */
export class ProtobufWriter {
  readonly #chunks: Uint8Array[] = []

  varint(field: number, value: number): this {
    return this.#push(varintBytes(field * 8 + WIRE.varint), varintBytes(value))
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#push(varintBytes(field * 8 + WIRE.bytes), varintBytes(value.length), value)
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value))
  }

  /** A `repeated int64` in packed form. */
  packed(field: number, values: readonly number[]): this {
    return this.bytes(field, Buffer.concat(values.map(varintBytes)))
  }

  message(field: number, value: ProtobufWriter): this {
    return this.bytes(field, value.finish())
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#chunks)
  }

  #push(...chunks: Uint8Array[]): this {
    this.#chunks.push(...chunks)
    return this
  }
}

export function varintBytes(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/**
 * A cursor over the fields of one message. `next` steps to a field and sets `field`, `wireType` and either `low` and `high`
 * (varint) or `valueStart` and `valueEnd`; it never reads outside of what `reset` was given and never throws.
 */
export class ProtobufReader {
  bytes: Uint8Array = new Uint8Array(0)
  field = 0
  wireType = 0
  valueStart = 0
  valueEnd = 0
  /** Lower and upper 32 bits of a varint, unsigned. */
  low = 0
  high = 0
  /** True once anything was malformed; `next` is false from then on. */
  failed = false
  #position = 0
  #end = 0

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.#position = start
    this.#end = end
    this.failed = start < 0 || end > bytes.length || start > end
  }

  /** False at the end and on malformed bytes: `failed` tells which. */
  next(): boolean {
    if (this.failed || this.#position >= this.#end) return false
    if (!this.varint()) return false
    this.field = this.low >>> 3
    this.wireType = this.low & 7
    if (this.field === 0 || this.high !== 0) return this.#fail()
    switch (this.wireType) {
      case WIRE.varint:
        return this.varint()
      case WIRE.bytes:
        return this.varint() && this.#span(this.high === 0 ? this.low : Number.POSITIVE_INFINITY)
      case WIRE.fixed32:
        return this.#span(4)
      case WIRE.fixed64:
        return this.#span(8)
      default:
        return this.#fail()
    }
  }

  /** Reads one bare varint into `low` and `high`: for tags and for packed fields. */
  varint(): boolean {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#position >= this.#end) return this.#fail()
      const byte = this.bytes[this.#position++] ?? 0
      const bits = byte & 0x7f
      if (shift < 32) low |= bits << shift
      // Bits 28 to 34 lie across both halves.
      if (shift === 28) high |= bits >>> 4
      else if (shift > 28) high |= bits << (shift - 32)
      if (byte < 0x80) {
        this.low = low >>> 0
        this.high = high >>> 0
        return true
      }
    }
    return this.#fail()
  }

  get atEnd(): boolean {
    return this.#position >= this.#end
  }

  /** The varint as an int64; exact up to 2^53. */
  get signed(): number {
    return (this.high | 0) * 2 ** 32 + this.low
  }

  #span(length: number): boolean {
    if (length > this.#end - this.#position) return this.#fail()
    this.valueStart = this.#position
    this.#position += length
    this.valueEnd = this.#position
    return true
  }

  #fail(): false {
    this.failed = true
    return false
  }
}
