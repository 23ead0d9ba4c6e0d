// HPACK as a server may write it: every representation, Huffman or not, with a dynamic table that is kept count of.
import type { Random } from '../core/random.ts'
import { DEFAULT_TABLE_BYTES, sizeBytes } from '../protocol/hpack.ts'
import { huffmanEncode } from '../protocol/hpack-huffman.ts'
import { FIRST_DYNAMIC_INDEX, type HeaderField, STATIC_TABLE } from '../protocol/hpack-static-table.ts'

const PATTERN = { incremental: 0x40, without: 0x00, never: 0x10 } as const
const PATTERNS = Object.values(PATTERN)

/** A block as it was written once. */
interface Written {
  readonly bytes: readonly number[]
  readonly inserted: readonly HeaderField[]
  /** It means the same whatever the table holds. */
  readonly isFree: boolean
}

export class HeaderWriter {
  readonly #random: Random
  /** What the client's table holds, the newest first, if it reads all blocks. */
  #table: HeaderField[] = []
  #isTableForbidden = false
  readonly #written = new Map<readonly HeaderField[], Written>()
  #bytes: number[] = []
  #inserted: HeaderField[] = []
  #isFree = true

  constructor(random: Random) {
    this.#random = random
  }

  /** The server has acknowledged the client's SETTINGS. */
  forbidTable(): void {
    this.#isTableForbidden = true
    this.#table = []
  }

  /** A list that comes again may be the same bytes again. */
  block(fields: readonly HeaderField[]): readonly number[] {
    const before = this.#written.get(fields)
    if (before?.isFree && this.#random.below(2) === 0) {
      for (const field of before.inserted) this.#insert(field)
      return before.bytes
    }
    this.#bytes = []
    this.#inserted = []
    this.#isFree = true
    if (this.#random.below(12) === 0) this.#resize()
    for (const field of fields) this.#field(field)
    this.#written.set(fields, { bytes: this.#bytes, inserted: this.#inserted, isFree: this.#isFree })
    return this.#bytes
  }

  /** Empties the table, then gives it back what it may have. */
  #resize(): void {
    this.#isFree = false
    this.#integer(0x20, 5, 0)
    this.#table = []
    if (!this.#isTableForbidden) this.#integer(0x20, 5, DEFAULT_TABLE_BYTES)
  }

  #field(field: HeaderField): void {
    const held = this.#table.findIndex((other) => other[0] === field[0] && other[1] === field[1])
    const known = STATIC_TABLE.findIndex((other) => other[0] === field[0] && other[1] === field[1])
    if (known > 0 && this.#random.below(2) === 0) this.#integer(0x80, 7, known)
    else if (held >= 0 && this.#random.below(4) > 0) {
      this.#isFree = false
      this.#integer(0x80, 7, FIRST_DYNAMIC_INDEX + held)
    } else this.#literal(field)
  }

  #literal(field: HeaderField): void {
    const pattern = PATTERNS[this.#random.below(PATTERNS.length)] ?? PATTERN.without
    const nameIndex = this.#random.below(2) === 0 ? 0 : this.#nameIndex(field[0])
    this.#integer(pattern, pattern === PATTERN.incremental ? 6 : 4, nameIndex)
    if (nameIndex === 0) this.#string(field[0])
    this.#string(field[1])
    if (pattern !== PATTERN.incremental) return
    this.#inserted.push(field)
    this.#insert(field)
  }

  /** 0 where no table has the name. */
  #nameIndex(name: string): number {
    const held = this.#table.findIndex((other) => other[0] === name)
    if (held < 0 || this.#random.below(2) === 0)
      return Math.max(
        0,
        STATIC_TABLE.findIndex((other) => other[0] === name),
      )
    this.#isFree = false
    return FIRST_DYNAMIC_INDEX + held
  }

  #insert(field: HeaderField): void {
    if (this.#isTableForbidden) return
    this.#table.unshift(field)
    let bytes = this.#table.reduce((sum, held) => sum + sizeBytes(held), 0)
    while (bytes > DEFAULT_TABLE_BYTES) {
      const evicted = this.#table.pop()
      if (evicted === undefined) return
      bytes -= sizeBytes(evicted)
    }
  }

  #string(text: string): void {
    const isHuffman = this.#random.below(2) === 0
    const bytes = isHuffman ? huffmanOf(text) : Buffer.from(text, 'latin1')
    this.#integer(isHuffman ? 0x80 : 0, 7, bytes.length)
    for (const byte of bytes) this.#bytes.push(byte)
  }

  #integer(pattern: number, prefixBits: number, value: number): void {
    const mask = (1 << prefixBits) - 1
    if (value < mask) {
      this.#bytes.push(pattern | value)
      return
    }
    this.#bytes.push(pattern | mask)
    let rest = value - mask
    for (; rest >= 128; rest >>>= 7) this.#bytes.push((rest & 0x7f) | 0x80)
    this.#bytes.push(rest)
  }
}

const huffmanTexts = new Map<string, Uint8Array>()

/** Of the few texts that cases are made of, each is coded once. */
function huffmanOf(text: string): Uint8Array {
  const known = huffmanTexts.get(text)
  if (known !== undefined) return known
  const made = huffmanEncode(text)
  huffmanTexts.set(text, made)
  return made
}
