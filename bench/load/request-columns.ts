// Request records as columns: the contract between load and everything after it, and the layout in which they travel.

/** Order is the stored code: `OUTCOMES[column.outcome[row]]`. `censored`: in flight when the phase was cut off. */
export const OUTCOMES = ['ok', 'connect', 'timeout', 'status', 'bad-response', 'aborted', 'censored'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** What analysis is made of. Row index → one request, as in `RequestColumns`. */
export interface TimeColumns {
  readonly length: number
  /** When it was due. Closed loop: when it was sent. */
  readonly scheduledNs: Float64Array<ArrayBuffer>
  /** When it was handed to the socket. */
  readonly sentNs: Float64Array<ArrayBuffer>
  /** When the last byte of the answer was read (or the failure was known, or the phase was cut off). */
  readonly receivedNs: Float64Array<ArrayBuffer>
  /** Index into OUTCOMES. */
  readonly outcome: Uint8Array<ArrayBuffer>
}

/** Row index → one request; those of one load thread in the order of completion. Times are ns since the phase's start. */
export interface RequestColumns extends TimeColumns {
  /** HTTP status or gRPC status; 0 where there was none (gRPC OK is 0 too). */
  readonly code: Int32Array<ArrayBuffer>
  readonly bytesSent: Uint32Array<ArrayBuffer>
  readonly bytesReceived: Uint32Array<ArrayBuffer>
}

/** In the order in which they lie in memory and in files: the widest first, so that each is aligned. */
export const COLUMN_ORDER = [
  'scheduledNs',
  'sentNs',
  'receivedNs',
  'code',
  'bytesSent',
  'bytesReceived',
  'outcome',
] as const satisfies readonly (keyof RequestColumns)[]

export const BYTES_PER_ROW = 3 * 8 + 3 * 4 + 1

/** Columns with room for `length` requests, all zero, one behind the other in one buffer. */
export function emptyColumns(length: number): RequestColumns {
  const buffer = new ArrayBuffer(length * BYTES_PER_ROW)
  return {
    length,
    scheduledNs: new Float64Array(buffer, 0, length),
    sentNs: new Float64Array(buffer, 8 * length, length),
    receivedNs: new Float64Array(buffer, 16 * length, length),
    code: new Int32Array(buffer, 24 * length, length),
    bytesSent: new Uint32Array(buffer, 28 * length, length),
    bytesReceived: new Uint32Array(buffer, 32 * length, length),
    outcome: new Uint8Array(buffer, 36 * length, length),
  }
}

export function emptyTimes(length: number): TimeColumns {
  const buffer = new ArrayBuffer(length * (3 * 8 + 1))
  return {
    length,
    scheduledNs: new Float64Array(buffer, 0, length),
    sentNs: new Float64Array(buffer, 8 * length, length),
    receivedNs: new Float64Array(buffer, 16 * length, length),
    outcome: new Uint8Array(buffer, 24 * length, length),
  }
}

/** Rows from one to before another, in the same memory. */
export function rowsOf(columns: RequestColumns, from: number, to: number): RequestColumns {
  return {
    length: to - from,
    scheduledNs: columns.scheduledNs.subarray(from, to),
    sentNs: columns.sentNs.subarray(from, to),
    receivedNs: columns.receivedNs.subarray(from, to),
    code: columns.code.subarray(from, to),
    bytesSent: columns.bytesSent.subarray(from, to),
    bytesReceived: columns.bytesReceived.subarray(from, to),
    outcome: columns.outcome.subarray(from, to),
  }
}

/** Chunks one after the other as one. */
export function joinColumns(chunks: readonly RequestColumns[]): RequestColumns {
  const whole = emptyColumns(chunks.reduce((sum, { length }) => sum + length, 0))
  let start = 0
  for (const chunk of chunks) {
    for (const name of COLUMN_ORDER) whole[name].set(chunk[name], start)
    start += chunk.length
  }
  return whole
}
