// HPACK's Huffman code (RFC 7541, appendix B). The code is canonical, so the lengths of its codes say all of it.

/** Bits of the code of each byte 0 to 255, then of EOS. */
const CODE_LENGTHS_BITS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
]
const EOS = 256
const LONGEST_BITS = 30

const CODES = canonicalCodes()
/** Two entries a node: the child for bit 0 and for bit 1. Positive: a node. Negative: −1 − symbol. */
const TREE = decodingTree()

function canonicalCodes(): Uint32Array {
  const codes = new Uint32Array(EOS + 1)
  let next = 0
  for (let bits = 1; bits <= LONGEST_BITS; bits++) {
    for (let symbol = 0; symbol <= EOS; symbol++) if (CODE_LENGTHS_BITS[symbol] === bits) codes[symbol] = next++
    next *= 2
  }
  return codes
}

function decodingTree(): Int16Array {
  const tree = new Int16Array(2 * (EOS + 1))
  let nodes = 1
  for (let symbol = 0; symbol <= EOS; symbol++) {
    const code = CODES[symbol] ?? 0
    let node = 0
    for (let bit = (CODE_LENGTHS_BITS[symbol] ?? 0) - 1; bit > 0; bit--) {
      const branch = 2 * node + ((code >>> bit) & 1)
      if (tree[branch] === 0) tree[branch] = nodes++
      node = tree[branch] ?? 0
    }
    tree[2 * node + (code & 1)] = -1 - symbol
  }
  return tree
}

/**
 * Text (one character a byte) of the Huffman-coded `bytes[start, end)`; `null` when it contains EOS, or when its padding is
 * longer than 7 bits or anything but ones (RFC 7541, section 5.2).
 */
export function huffmanDecode(bytes: Uint8Array, start: number, end: number): string | null {
  let text = ''
  let node = 0
  let bitsSinceSymbol = 0
  let onesOnly = true
  for (let index = start; index < end; index++) {
    const byte = bytes[index] ?? 0
    for (let shift = 7; shift >= 0; shift--) {
      const bit = (byte >>> shift) & 1
      const child = TREE[2 * node + bit] ?? 0
      bitsSinceSymbol++
      onesOnly &&= bit === 1
      if (child >= 0) {
        node = child
        continue
      }
      if (child === -1 - EOS) return null
      text += String.fromCharCode(-1 - child)
      node = 0
      bitsSinceSymbol = 0
      onesOnly = true
    }
  }
  return bitsSinceSymbol <= 7 && onesOnly ? text : null
}

/** Bytes that `huffmanEncode` makes of the text. */
export function huffmanSizeBytes(text: string): number {
  let bits = 0
  for (let index = 0; index < text.length; index++) bits += CODE_LENGTHS_BITS[text.charCodeAt(index) & 0xff] ?? 0
  return Math.ceil(bits / 8)
}

/** Huffman code of a text of one character a byte, padded with ones. */
export function huffmanEncode(text: string): Uint8Array {
  const bytes = new Uint8Array(huffmanSizeBytes(text))
  let position = 0
  for (let index = 0; index < text.length; index++) {
    const symbol = text.charCodeAt(index) & 0xff
    const code = CODES[symbol] ?? 0
    for (let bit = (CODE_LENGTHS_BITS[symbol] ?? 0) - 1; bit >= 0; bit--) {
      setBit(bytes, position++, (code >>> bit) & 1)
    }
  }
  while (position < 8 * bytes.length) setBit(bytes, position++, 1)
  return bytes
}

function setBit(bytes: Uint8Array, position: number, bit: number): void {
  const index = position >>> 3
  bytes[index] = (bytes[index] ?? 0) | (bit << (7 - (position & 7)))
}
