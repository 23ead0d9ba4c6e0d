// Frames about the connection itself, checked: what they say, or by which error of RFC 9113 they end the connection.
import {
  FLAG,
  type Http2ErrorName,
  http2ErrorName,
  LARGEST_WINDOW_BYTES,
  readUint32,
  SETTING,
} from '../protocol/http2-frames.ts'

/** Ends the connection: the code goes into GOAWAY, the text to the user. */
export interface ConnectionFault {
  readonly error: Http2ErrorName
  readonly text: string
}

export function fault(error: Http2ErrorName, text: string): ConnectionFault {
  return { error, text }
}

/** The settings that a client obeys; those that a frame does not name are `null`. */
export interface PeerSettings {
  headerTableBytes: number | null
  maxConcurrentStreams: number | null
  initialWindowBytes: number | null
}

export function readSettings(payload: Uint8Array, start: number, end: number): PeerSettings | ConnectionFault {
  const settings: PeerSettings = { headerTableBytes: null, maxConcurrentStreams: null, initialWindowBytes: null }
  if ((end - start) % 6 !== 0) return fault('FRAME_SIZE_ERROR', 'SETTINGS of a wrong length')
  for (let position = start; position < end; position += 6) {
    const identifier = ((payload[position] ?? 0) << 8) | (payload[position + 1] ?? 0)
    const value = readUint32(payload, position + 2)
    switch (identifier) {
      case SETTING.headerTableSize:
        // Two values in one frame: the smaller one has to be obeyed in between.
        settings.headerTableBytes = Math.min(value, settings.headerTableBytes ?? value)
        break
      case SETTING.enablePush:
        if (value !== 0) return fault('PROTOCOL_ERROR', 'a server that enables push')
        break
      case SETTING.maxConcurrentStreams:
        settings.maxConcurrentStreams = value
        break
      case SETTING.initialWindowSize:
        if (value > LARGEST_WINDOW_BYTES) return fault('FLOW_CONTROL_ERROR', 'an initial window that is too large')
        settings.initialWindowBytes = value
        break
      case SETTING.maxFrameSize:
        // Our frames have at most the smallest size that may be set.
        if (value < 2 ** 14 || value >= 2 ** 24) return fault('PROTOCOL_ERROR', 'a wrong maximum frame size')
        break
    }
  }
  return settings
}

/** `GOAWAY (ENHANCE_YOUR_CALM: too_many_pings)` */
export function goAwayText(payload: Uint8Array, start: number, end: number): string {
  const debug = Buffer.from(payload.subarray(start + 8, Math.min(end, start + 108))).toString('latin1')
  const printable = debug.replace(/[^ -~]/g, '?')
  const name = http2ErrorName(readUint32(payload, start + 4))
  return `the server said GOAWAY (${printable === '' ? name : `${name}: ${printable}`})`
}

/** The part of HEADERS or DATA between padding and priority, or the fault; written into `span` to allocate nothing. */
export function unpad(
  flags: number,
  payload: Uint8Array,
  start: number,
  end: number,
  priorityBytes: number,
  span: { start: number; end: number },
): ConnectionFault | null {
  const isPadded = (flags & FLAG.padded) !== 0
  span.start = start + (isPadded ? 1 : 0) + priorityBytes
  span.end = end - (isPadded ? (payload[start] ?? 0) : 0)
  if (isPadded && start === end) return fault('FRAME_SIZE_ERROR', 'a padded frame without a padding length')
  return span.end < span.start ? fault('PROTOCOL_ERROR', 'padding longer than its frame') : null
}
