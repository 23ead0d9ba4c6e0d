// The bytes of a text file that a person wrote, as text: Windows tools put a byte order mark in front, or write UTF-16.
import { BenchError, type BenchErrorKind } from './errors.ts'

/** How many bytes are looked at for the zero bytes that UTF-16 puts beside every ASCII character. */
const LOOKED_AT = 512

/**
 * UTF-8 without its byte order mark.
 * @param path named in the error
 * @throws BenchError `not-utf8`: the file is UTF-16, or holds bytes that are not UTF-8
 */
export function decodeText(bytes: Uint8Array, path: string, kind: BenchErrorKind = 'usage'): string {
  const refuse = (what: string) =>
    new BenchError({
      kind,
      code: 'not-utf8',
      message: `this file is ${what}`,
      place: path,
      hint: 'save it as UTF-8 (in PowerShell: Out-File -Encoding utf8)',
    })
  if (isUtf16(bytes)) throw refuse('UTF-16')
  try {
    // It takes a byte order mark away.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refuse('not UTF-8 text')
  }
}

/** With its byte order mark, or without: then every other byte of plain ASCII is zero. */
export function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true
  const head = bytes.subarray(0, LOOKED_AT)
  const zeros = head.filter((byte) => byte === 0).length
  return head.length >= 4 && zeros > head.length / 3
}
