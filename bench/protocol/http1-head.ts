// The lines of an HTTP/1.1 response head, read in place. Each reader answers null, or why the line is refused.

/** What a head says about its answer; filled line by line and reused. */
export interface ResponseHead {
  status: number
  /** 0 or 1 of HTTP/1.x. */
  minorVersion: number
  /** −1 if absent. */
  contentLength: number
  isChunked: boolean
  saysClose: boolean
  saysKeepAlive: boolean
  /** `inference-header-content-length`, −1 where absent. */
  inferenceHeaderLength: number
  /** Of a redirection: where to; empty elsewhere. */
  location: string
}

const TAB = 0x09
const SPACE = 0x20
const COMMA = 0x2c
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const LETTERS_ONLY_CASE_BIT = 0x20

const PREFIX = ascii('HTTP/1.')
const CONTENT_LENGTH = ascii('content-length')
const TRANSFER_ENCODING = ascii('transfer-encoding')
const CONNECTION = ascii('connection')
const INFERENCE_HEADER_LENGTH = ascii('inference-header-content-length')
const LOCATION = ascii('location')
const CHUNKED = ascii('chunked')
const CLOSE = ascii('close')
const KEEP_ALIVE = ascii('keep-alive')

/** Of an address that is only shown. */
const MOST_LOCATION_BYTES = 300

// 15 digits are exact in a double, and far beyond every limit on bodies.
const MAX_LENGTH_DIGITS = 15

/** RFC 9110, 5.6.2: 1 for the bytes that a header's name may have. */
const IS_TOKEN = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(byte)) ? 1 : 0,
)

export function emptyHead(): ResponseHead {
  return {
    status: 0,
    minorVersion: 1,
    contentLength: -1,
    isChunked: false,
    saysClose: false,
    saysKeepAlive: false,
    inferenceHeaderLength: -1,
    location: '',
  }
}

export function clearHead(head: ResponseHead): void {
  head.status = 0
  head.minorVersion = 1
  head.contentLength = -1
  head.isChunked = false
  head.saysClose = false
  head.saysKeepAlive = false
  head.inferenceHeaderLength = -1
  head.location = ''
}

export function copyHead(from: Readonly<ResponseHead>, to: ResponseHead): void {
  to.status = from.status
  to.minorVersion = from.minorVersion
  to.contentLength = from.contentLength
  to.isChunked = from.isChunked
  to.saysClose = from.saysClose
  to.saysKeepAlive = from.saysKeepAlive
  to.inferenceHeaderLength = from.inferenceHeaderLength
  to.location = from.location
}

/** `HTTP/1.1 200 OK`, the reason being optional, without its line end. */
export function readStatusLine(head: ResponseHead, bytes: Uint8Array, start: number, end: number): string | null {
  const version = start + PREFIX.length
  const status = version + 2
  const afterStatus = status + 3
  const isStatusLine =
    afterStatus <= end &&
    startsWithText(bytes, start, PREFIX) &&
    (bytes[version] === ZERO || bytes[version] === ZERO + 1) &&
    bytes[version + 1] === SPACE &&
    (afterStatus === end || bytes[afterStatus] === SPACE)
  const code = isStatusLine ? readLength(bytes, status, afterStatus) : -1
  if (code < 100) return `the answer begins with ${quoted(bytes, start, end)}, which is no HTTP/1.1 status line`
  head.status = code
  head.minorVersion = (bytes[version] ?? ZERO) - ZERO
  return null
}

/** One `name: value` line without its line end. Only the headers that bear on framing are looked at. */
export function readHeaderLine(head: ResponseHead, bytes: Uint8Array, start: number, end: number): string | null {
  const colon = colonOf(bytes, start, end)
  if (colon < 0) return `bad header line ${quoted(bytes, start, end)}`
  let from = colon + 1
  let to = end
  while (from < to && isBlank(bytes[from])) from++
  while (to > from && isBlank(bytes[to - 1])) to--
  switch (colon - start) {
    case CONTENT_LENGTH.length:
      return equalsText(bytes, start, colon, CONTENT_LENGTH) ? readContentLength(head, bytes, from, to) : null
    case TRANSFER_ENCODING.length:
      return equalsText(bytes, start, colon, TRANSFER_ENCODING) ? readTransferEncoding(head, bytes, from, to) : null
    case CONNECTION.length:
      if (equalsText(bytes, start, colon, CONNECTION)) readConnection(head, bytes, from, to)
      return null
    case INFERENCE_HEADER_LENGTH.length:
      return equalsText(bytes, start, colon, INFERENCE_HEADER_LENGTH)
        ? readInferenceLength(head, bytes, from, to)
        : null
    case LOCATION.length:
      if (head.status >= 300 && head.status < 400 && equalsText(bytes, start, colon, LOCATION)) {
        head.location = Buffer.from(bytes.subarray(from, Math.min(to, from + MOST_LOCATION_BYTES))).toString('latin1')
      }
      return null
    default:
      return null
  }
}

/** One line of the trailers. Nothing of it is looked at, but it has to be one: not the head of another answer. */
export function readTrailerLine(bytes: Uint8Array, start: number, end: number): string | null {
  return colonOf(bytes, start, end) < 0 ? `bad trailer line ${quoted(bytes, start, end)}` : null
}

/** Where a field's name ends; −1 if the line is no field. */
function colonOf(bytes: Uint8Array, start: number, end: number): number {
  let colon = start
  while (colon < end && IS_TOKEN[bytes[colon] ?? 0] === 1) colon++
  return colon > start && colon < end && bytes[colon] === COLON ? colon : -1
}

function readContentLength(head: ResponseHead, bytes: Uint8Array, start: number, end: number): string | null {
  const length = readLength(bytes, start, end)
  if (length < 0) return `bad content-length ${quoted(bytes, start, end)}`
  if (head.contentLength >= 0 && head.contentLength !== length) {
    return `conflicting content-length: ${head.contentLength} and ${length}`
  }
  head.contentLength = length
  return null
}

function readInferenceLength(head: ResponseHead, bytes: Uint8Array, start: number, end: number): string | null {
  const length = readLength(bytes, start, end)
  if (length < 0) return `bad inference-header-content-length ${quoted(bytes, start, end)}`
  head.inferenceHeaderLength = length
  return null
}

function readTransferEncoding(head: ResponseHead, bytes: Uint8Array, start: number, end: number): string | null {
  // No other coding was asked for (no `TE` header was sent), and a repeated one would mean chunks within chunks.
  if (head.isChunked || !equalsText(bytes, start, end, CHUNKED)) {
    return `unsupported transfer-encoding ${quoted(bytes, start, end)}`
  }
  head.isChunked = true
  return null
}

/** A list such as `keep-alive, upgrade`. */
function readConnection(head: ResponseHead, bytes: Uint8Array, start: number, end: number): void {
  let from = start
  while (from < end) {
    let comma = from
    while (comma < end && bytes[comma] !== COMMA) comma++
    let to = comma
    while (from < to && isBlank(bytes[from])) from++
    while (to > from && isBlank(bytes[to - 1])) to--
    if (equalsText(bytes, from, to, CLOSE)) head.saysClose = true
    if (equalsText(bytes, from, to, KEEP_ALIVE)) head.saysKeepAlive = true
    from = comma + 1
  }
}

/** Decimal digits only; −1 otherwise. */
function readLength(bytes: Uint8Array, start: number, end: number): number {
  if (start === end || end - start > MAX_LENGTH_DIGITS) return -1
  let value = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte < ZERO || byte > NINE) return -1
    value = value * 10 + byte - ZERO
  }
  return value
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB
}

/** `text` is lower case; letters compare without case, all else exactly. */
function equalsText(bytes: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  if (end - start !== text.length) return false
  for (let index = 0; index < text.length; index++) {
    const byte = bytes[start + index] ?? 0
    const isUpper = byte >= 0x41 && byte <= 0x5a
    if ((isUpper ? byte | LETTERS_ONLY_CASE_BIT : byte) !== text[index]) return false
  }
  return true
}

/** Exact case, and the caller has checked that there are enough bytes. */
function startsWithText(bytes: Uint8Array, start: number, text: Uint8Array): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text[index]) return false
  }
  return true
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** At most 60 bytes of a line as printable text. */
export function quoted(bytes: Uint8Array, start: number, end: number): string {
  const shown = bytes.subarray(start, Math.min(end, start + 60))
  const text = Array.from(shown, (byte) => String.fromCharCode(byte >= SPACE && byte < 0x7f ? byte : POINT)).join('')
  return `"${text}${end - start > 60 ? '…' : ''}"`
}
