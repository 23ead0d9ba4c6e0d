// Header blocks of answers → what gRPC needs of them. Equal blocks are decoded once: trailers of a load test are all alike.
import { decodeGrpcMessage, parseGrpcStatus } from '../protocol/grpc-status.ts'
import { HpackDecoder } from '../protocol/hpack.ts'
import type { HeaderField } from '../protocol/hpack-static-table.ts'

export const MAX_HEADER_LIST_BYTES = 64 * 1024

/** Blocks longer than this, and all but this many different ones, are decoded every time. */
const LONGEST_REMEMBERED_BYTES = 1024
const REMEMBERED_BLOCKS = 4

export interface ResponseHeaders {
  /** `null` in trailers. */
  readonly httpStatus: number | null
  readonly contentType: string
  /** `null` where absent or no number. */
  readonly grpcStatus: number | null
  readonly grpcMessage: string
}

interface RememberedBlock {
  readonly block: Uint8Array
  readonly headers: ResponseHeaders
}

export class ResponseHeaderDecoder {
  readonly #hpack = new HpackDecoder(MAX_HEADER_LIST_BYTES)
  readonly #remembered: RememberedBlock[] = []
  #nextPlace = 0

  /** The peer has acknowledged our SETTINGS: it uses no dynamic table from here on. */
  forbidTable(): void {
    this.#hpack.allowTable(0)
  }

  /** A text says why the block is malformed: the connection's end. */
  decode(bytes: Uint8Array, start: number, end: number): ResponseHeaders | string {
    for (let index = 0; index < this.#remembered.length; index++) {
      const known = this.#remembered[index]
      if (known !== undefined && isSame(known.block, bytes, start, end)) return known.headers
    }
    const decoded = this.#hpack.decode(bytes, start, end)
    if (!decoded.ok) return decoded.reason
    const headers = responseHeaders(decoded.fields)
    if (this.#hpack.isStateless && end - start <= LONGEST_REMEMBERED_BYTES) {
      this.#remembered[this.#nextPlace++ % REMEMBERED_BLOCKS] = {
        block: new Uint8Array(bytes.subarray(start, end)),
        headers,
      }
    }
    return headers
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let offset = 0; offset < known.length; offset++) if (known[offset] !== bytes[start + offset]) return false
  return true
}

function responseHeaders(fields: readonly HeaderField[]): ResponseHeaders {
  const valueNamed = (name: string) => fields.find((field) => field[0] === name)?.[1]
  const httpStatus = valueNamed(':status')
  return {
    httpStatus: httpStatus === undefined ? null : Number(/^[1-9]\d\d$/.exec(httpStatus)?.[0] ?? 0),
    contentType: valueNamed('content-type') ?? '',
    grpcStatus: parseGrpcStatus(valueNamed('grpc-status') ?? ''),
    grpcMessage: decodeGrpcMessage(valueNamed('grpc-message') ?? ''),
  }
}
