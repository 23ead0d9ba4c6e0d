// HPACK decoding (RFC 7541): header blocks → fields, with the dynamic table, every length bounded against hostile peers.
import { huffmanDecode } from './hpack-huffman.ts'
import { FIRST_DYNAMIC_INDEX, type HeaderField, STATIC_TABLE } from './hpack-static-table.ts'

export type HeaderBlock =
  | { readonly ok: true; readonly fields: readonly HeaderField[] }
  | { readonly ok: false; readonly reason: string }

/** Octets that a field costs beyond its name and value (RFC 7541, section 4.1). */
export const FIELD_OVERHEAD_BYTES = 32
/** The table's size before any SETTINGS say otherwise. */
export const DEFAULT_TABLE_BYTES = 4096
/** Far more than any header of gRPC needs, far less than hurts. */
const LARGEST_INTEGER = 1 << 24

class MalformedBlock extends Error {}

export class HpackDecoder {
  readonly #maxListBytes: number
  /** Newest first. */
  readonly #table: HeaderField[] = []
  #tableBytes = 0
  #maxTableBytes = DEFAULT_TABLE_BYTES
  /** What our SETTINGS allow: no size update may go above it. */
  #allowedTableBytes = DEFAULT_TABLE_BYTES
  #bytes: Uint8Array = new Uint8Array(0)
  #position = 0
  #end = 0

  /** @param maxListBytes of one block, decoded, counted as SETTINGS_MAX_HEADER_LIST_SIZE counts */
  constructor(maxListBytes: number) {
    this.#maxListBytes = maxListBytes
  }

  /** True when no block can depend on an earlier one: equal bytes then mean equal fields. */
  get isStateless(): boolean {
    return this.#allowedTableBytes === 0
  }

  /** To be called when the peer acknowledges our SETTINGS_HEADER_TABLE_SIZE. */
  allowTable(sizeBytes: number): void {
    this.#allowedTableBytes = sizeBytes
    this.#resizeTable(Math.min(this.#maxTableBytes, sizeBytes))
  }

  /** A block that fails leaves the table undefined: the connection has to end (COMPRESSION_ERROR). Never throws. */
  decode(bytes: Uint8Array, start: number, end: number): HeaderBlock {
    this.#bytes = bytes
    this.#position = start
    this.#end = end
    try {
      return { ok: true, fields: this.#fields() }
    } catch (error) {
      if (error instanceof MalformedBlock) return { ok: false, reason: error.message }
      throw error
    }
  }

  #fields(): HeaderField[] {
    const fields: HeaderField[] = []
    let listBytes = 0
    while (this.#position < this.#end) {
      const first = this.#bytes[this.#position] ?? 0
      if ((first & 0xe0) === 0x20) {
        if (fields.length > 0) throw new MalformedBlock('a table size update after a field')
        this.#updateTableSize()
        continue
      }
      const field = this.#field(first)
      listBytes += sizeBytes(field)
      if (listBytes > this.#maxListBytes) throw new MalformedBlock(`headers of over ${this.#maxListBytes} bytes`)
      fields.push(field)
    }
    return fields
  }

  #field(first: number): HeaderField {
    if ((first & 0x80) !== 0) return this.#indexed(this.#integer(7))
    if ((first & 0x40) === 0) return this.#literal(this.#integer(4))
    const field = this.#literal(this.#integer(6))
    this.#insert(field)
    return field
  }

  #updateTableSize(): void {
    const newBytes = this.#integer(5)
    if (newBytes > this.#allowedTableBytes) throw new MalformedBlock('a table larger than allowed')
    this.#resizeTable(newBytes)
  }

  #literal(nameIndex: number): HeaderField {
    const name = nameIndex === 0 ? this.#text() : this.#indexed(nameIndex)[0]
    return [name, this.#text()]
  }

  #indexed(index: number): HeaderField {
    const field = index < FIRST_DYNAMIC_INDEX ? STATIC_TABLE[index] : this.#table[index - FIRST_DYNAMIC_INDEX]
    if (index === 0 || field === undefined) throw new MalformedBlock(`no header field has index ${index}`)
    return field
  }

  /** Integer with a prefix of `prefixBits` bits (section 5.1). */
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1
    let value = this.#byte() & mask
    if (value < mask) return value
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte()
      value += (byte & 0x7f) * factor
      if (value > LARGEST_INTEGER || factor > LARGEST_INTEGER) throw new MalformedBlock('an integer that is too large')
      if (byte < 0x80) return value
    }
  }

  #text(): string {
    const isHuffman = ((this.#bytes[this.#position] ?? 0) & 0x80) !== 0
    const length = this.#integer(7)
    const start = this.#position
    if (length > this.#end - start) throw new MalformedBlock('a string that ends after the block')
    // A Huffman code has at least 5 bits: nothing is expanded that could not be accepted.
    if (length > this.#maxListBytes) throw new MalformedBlock(`headers of over ${this.#maxListBytes} bytes`)
    this.#position += length
    if (!isHuffman) return latin1(this.#bytes, start, this.#position)
    const text = huffmanDecode(this.#bytes, start, this.#position)
    if (text === null) throw new MalformedBlock('a wrong Huffman code')
    return text
  }

  #byte(): number {
    if (this.#position >= this.#end) throw new MalformedBlock('an integer that ends after the block')
    return this.#bytes[this.#position++] ?? 0
  }

  #insert(field: HeaderField): void {
    const fieldBytes = sizeBytes(field)
    this.#evictTo(this.#maxTableBytes - fieldBytes)
    // A field larger than the table empties it and is not kept; that is no error (section 4.4).
    if (fieldBytes > this.#maxTableBytes) return
    this.#table.unshift(field)
    this.#tableBytes += fieldBytes
  }

  #resizeTable(newBytes: number): void {
    this.#maxTableBytes = newBytes
    this.#evictTo(newBytes)
  }

  #evictTo(keptBytes: number): void {
    while (this.#tableBytes > keptBytes) {
      const evicted = this.#table.pop()
      if (evicted === undefined) return
      this.#tableBytes -= sizeBytes(evicted)
    }
  }
}

/** What a field counts against a table's and a list's size. */
export function sizeBytes(field: HeaderField): number {
  return field[0].length + field[1].length + FIELD_OVERHEAD_BYTES
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
