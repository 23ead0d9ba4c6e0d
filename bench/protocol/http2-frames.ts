// HTTP/2's frames (RFC 9113): constants, and the few frames that a client writes. Reading is in http2-frame-reader.ts.

export const FRAME_HEADER_BYTES = 9
/** Until SETTINGS say otherwise; we never ask for more and never send more. */
export const MAX_FRAME_PAYLOAD_BYTES = 16_384
export const DEFAULT_WINDOW_BYTES = 65_535
export const LARGEST_WINDOW_BYTES = 2 ** 31 - 1
export const LAST_STREAM_ID = 2 ** 31 - 1
export const CLIENT_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export const FRAME = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  resetStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const

export const FLAG = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const

export const SETTING = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
} as const

const ERROR_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const

export type Http2ErrorName = (typeof ERROR_NAMES)[number]

export const HTTP2_ERROR = Object.fromEntries(ERROR_NAMES.map((name, code) => [name, code])) as Readonly<
  Record<Http2ErrorName, number>
>

export function http2ErrorName(code: number): string {
  return ERROR_NAMES[code] ?? `error ${code}`
}

/** Writes the 9 bytes before a payload of `length` bytes; returns the offset of the payload. */
export function writeFrameHeader(
  target: Uint8Array,
  offset: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  target[offset] = length >>> 16
  target[offset + 1] = length >>> 8
  target[offset + 2] = length
  target[offset + 3] = type
  target[offset + 4] = flags
  return writeUint32(target, offset + 5, streamId)
}

/** Big-endian; returns the offset after it. */
export function writeUint32(target: Uint8Array, offset: number, value: number): number {
  target[offset] = value >>> 24
  target[offset + 1] = value >>> 16
  target[offset + 2] = value >>> 8
  target[offset + 3] = value
  return offset + 4
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    (((bytes[offset] ?? 0) << 24) |
      ((bytes[offset + 1] ?? 0) << 16) |
      ((bytes[offset + 2] ?? 0) << 8) |
      (bytes[offset + 3] ?? 0)) >>>
    0
  )
}

/** A whole frame. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + payload.length)
  bytes.set(payload, writeFrameHeader(bytes, 0, payload.length, type, flags, streamId))
  return bytes
}

/** @param settings pairs of identifier and value */
export function settingsFrame(settings: readonly (readonly [number, number])[]): Uint8Array {
  const payload = new Uint8Array(6 * settings.length)
  settings.forEach(([identifier, value], index) => {
    payload[6 * index] = identifier >>> 8
    payload[6 * index + 1] = identifier
    writeUint32(payload, 6 * index + 2, value)
  })
  return frame(FRAME.settings, 0, 0, payload)
}

/** A frame whose payload is one number: RST_STREAM or WINDOW_UPDATE. */
export function numberFrame(type: number, streamId: number, value: number): Uint8Array {
  const payload = new Uint8Array(4)
  writeUint32(payload, 0, value)
  return frame(type, 0, streamId, payload)
}

/** A client's GOAWAY: no stream of the server was or will be processed. */
export function goAwayFrame(error: Http2ErrorName): Uint8Array {
  const payload = new Uint8Array(8)
  writeUint32(payload, 4, HTTP2_ERROR[error])
  return frame(FRAME.goAway, 0, 0, payload)
}
