// HPACK encoding of requests that all carry the same fields: a first block that fills the peer's table, then one byte a field.
import { sizeBytes } from './hpack.ts'
import { huffmanEncode, huffmanSizeBytes } from './hpack-huffman.ts'
import { FIRST_DYNAMIC_INDEX, type HeaderField, STATIC_TABLE } from './hpack-static-table.ts'

/** The same fields in three forms. Which one is right depends on the table that the peer allows. */
export interface RequestBlocks {
  /** Adds each field to the peer's table. For the first request of a connection. */
  readonly filling: Uint8Array
  /** Refers to what `filling` added. */
  readonly indexed: Uint8Array
  /** Neither adds to the table nor refers to it. For peers whose table is too small. */
  readonly literal: Uint8Array
  /** Size of the table below which `filling` and `indexed` must not be used. */
  readonly tableBytes: number
}

/** Names are lower case; names and values hold one character a byte. */
export function requestBlocks(fields: readonly HeaderField[]): RequestBlocks {
  const added = fields.filter((field) => staticIndex(field) === -1)
  const filling: number[] = []
  const indexed: number[] = []
  const literal: number[] = []
  for (const field of fields) {
    const known = staticIndex(field)
    if (known !== -1) {
      for (const block of [filling, indexed, literal]) appendInteger(block, 0x80, 7, known)
      continue
    }
    appendLiteral(filling, 0x40, 6, field)
    // The newest entry has the lowest index.
    appendInteger(indexed, 0x80, 7, FIRST_DYNAMIC_INDEX + added.length - 1 - added.indexOf(field))
    appendLiteral(literal, 0, 4, field)
  }
  return {
    filling: Uint8Array.from(filling),
    indexed: Uint8Array.from(indexed),
    literal: Uint8Array.from(literal),
    tableBytes: added.reduce((sum, field) => sum + sizeBytes(field), 0),
  }
}

/** The instruction that has to start the first block after the peer lowered its table's size (section 4.2). */
export function tableSizeUpdate(newBytes: number): Uint8Array {
  const block: number[] = []
  appendInteger(block, 0x20, 5, newBytes)
  return Uint8Array.from(block)
}

function staticIndex(field: HeaderField): number {
  return STATIC_TABLE.findIndex(([name, value], index) => index > 0 && name === field[0] && value === field[1])
}

function appendLiteral(block: number[], pattern: number, prefixBits: number, [name, value]: HeaderField): void {
  const nameIndex = STATIC_TABLE.findIndex(([known], index) => index > 0 && known === name)
  appendInteger(block, pattern, prefixBits, Math.max(0, nameIndex))
  if (nameIndex === -1) appendText(block, name)
  appendText(block, value)
}

function appendText(block: number[], text: string): void {
  const isShorter = huffmanSizeBytes(text) < text.length
  const bytes = isShorter ? huffmanEncode(text) : Buffer.from(text, 'latin1')
  appendInteger(block, isShorter ? 0x80 : 0, 7, bytes.length)
  for (const byte of bytes) block.push(byte)
}

function appendInteger(block: number[], pattern: number, prefixBits: number, value: number): void {
  const mask = (1 << prefixBits) - 1
  if (value < mask) {
    block.push(pattern | value)
    return
  }
  block.push(pattern | mask)
  let rest = value - mask
  for (; rest >= 128; rest = Math.floor(rest / 128)) block.push((rest % 128) | 0x80)
  block.push(rest)
}
