// Requests prebuilt as HTTP/2 frames: after a connection's first request, sending one is a copy and two stream ids.
import { authorityOf } from '../core/authority.ts'
import { type RequestBlocks, requestBlocks } from '../protocol/hpack-encoder.ts'
import type { HeaderField } from '../protocol/hpack-static-table.ts'
import { FLAG, FRAME, frame, MAX_FRAME_PAYLOAD_BYTES, writeUint32 } from '../protocol/http2-frames.ts'
import type { TransportOptions } from './transport.ts'

const GRPC_PREFIX_BYTES = 5
const STREAM_ID_OFFSET = 5
const NO_BYTES = new Uint8Array(0)
const NS_PER_MS = 1e6
/** Of grpc-timeout, in ns, the coarsest first. */
const TIMEOUT_UNITS = [
  ['H', 3_600_000 * NS_PER_MS],
  ['M', 60_000 * NS_PER_MS],
  ['S', 1000 * NS_PER_MS],
  ['m', NS_PER_MS],
  ['u', 1000],
  ['n', 1],
] as const
/** Eight digits at most. */
const LARGEST_TIMEOUT = 99_999_999

export interface GrpcRequest {
  readonly prefix: Uint8Array
  readonly message: Uint8Array
  /** Of prefix and message: what flow control counts. */
  readonly dataBytes: number
  /**
   * What sends it in the usual case, with stream id 0: HEADERS (indexed) and DATA; of a streaming lane, whose headers
   * went with its first request, DATA alone. `null` where the message does not fit into one frame.
   */
  readonly frames: Uint8Array | null
}

export interface GrpcRequests {
  readonly blocks: RequestBlocks
  readonly variants: readonly GrpcRequest[]
  /** Where each frame's stream id lies in `GrpcRequest.frames`. */
  readonly idOffsets: readonly number[]
}

export function grpcRequests(options: Omit<TransportOptions, 'loop'>): GrpcRequests {
  const blocks = requestBlocks(headerFields(options))
  const headers = frame(FRAME.headers, FLAG.endHeaders, 0, blocks.indexed)
  return {
    blocks,
    variants: options.bodies.map((message) => grpcRequest(options.streaming ? null : headers, message)),
    idOffsets: options.streaming ? [STREAM_ID_OFFSET] : [STREAM_ID_OFFSET, headers.length + STREAM_ID_OFFSET],
  }
}

function headerFields({
  host,
  port,
  tls,
  path,
  headers,
  streaming,
  timeoutMs,
}: Omit<TransportOptions, 'loop'>): HeaderField[] {
  const pseudo: HeaderField[] = [
    [':method', 'POST'],
    [':scheme', tls === null ? 'http' : 'https'],
    [':path', path],
    [':authority', authorityOf({ host, port }, tls)],
  ]
  const defaults = { te: 'trailers', 'content-type': 'application/grpc', 'user-agent': 'dyno' }
  // The deadline is a call's: a stream of many requests outlives that of any of them. Always the same, it stays indexed.
  const deadline = streaming ? {} : { 'grpc-timeout': grpcTimeout(timeoutMs) }
  return [...pseudo, ...Object.entries({ ...deadline, ...defaults, ...headers })]
}

/** `10S`, `1500u`: gRPC's form of a timeout, exact where its eight digits allow, else the next longer one. */
export function grpcTimeout(timeoutMs: number): string {
  const ns = Math.max(1, Math.round(timeoutMs * NS_PER_MS))
  const exact = TIMEOUT_UNITS.find(([, unitNs]) => ns % unitNs === 0 && ns / unitNs <= LARGEST_TIMEOUT)
  const [unit, unitNs] = exact ?? TIMEOUT_UNITS.findLast(([, each]) => ns / each <= LARGEST_TIMEOUT) ?? TIMEOUT_UNITS[0]
  return `${Math.min(LARGEST_TIMEOUT, Math.ceil(ns / unitNs))}${unit}`
}

/** @param headers null if the stream stays open and its headers were sent before */
function grpcRequest(headers: Uint8Array | null, message: Uint8Array): GrpcRequest {
  const prefix = new Uint8Array(GRPC_PREFIX_BYTES)
  writeUint32(prefix, 1, message.length)
  const dataBytes = GRPC_PREFIX_BYTES + message.length
  const fitsOneFrame = dataBytes <= MAX_FRAME_PAYLOAD_BYTES
  const data = () => frame(FRAME.data, headers === null ? 0 : FLAG.endStream, 0, Buffer.concat([prefix, message]))
  return { prefix, message, dataBytes, frames: fitsOneFrame ? Buffer.concat([headers ?? NO_BYTES, data()]) : null }
}
