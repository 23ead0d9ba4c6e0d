// The size line of an HTTP/1.1 chunk.

const TAB = 0x09
const SPACE = 0x20
const SEMICOLON = 0x3b

/** Bytes of the chunk that follows, or −1 for a bad line. Extensions are ignored; too many digits give a huge number. */
export function readChunkSize(bytes: Uint8Array, start: number, end: number): number {
  let size = 0
  let at = start
  while (at < end && hexDigit(bytes[at] ?? 0) >= 0) {
    size = size * 16 + hexDigit(bytes[at] ?? 0)
    at++
  }
  if (at === start) return -1
  while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++
  return at === end || bytes[at] === SEMICOLON ? size : -1
}

/** −1 for what is no hexadecimal digit. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
