// gRPC status codes: their names, and what HTTP and HTTP/2 failures become (gRPC over HTTP/2, "Errors" and "Responses").

const NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const

export const GRPC_STATUS = Object.fromEntries(NAMES.map((name, code) => [name, code])) as Readonly<
  Record<(typeof NAMES)[number], number>
>

const LONGEST_MESSAGE = 1024

/** `INVALID_ARGUMENT`; a number that no specification names stays a number. */
export function grpcStatusName(code: number): string {
  return NAMES[code] ?? `status ${code}`
}

/** The code of a `grpc-status` header; `null` when it is no decimal number of at most 3 digits. */
export function parseGrpcStatus(value: string): number | null {
  return /^\d{1,3}$/.test(value) ? Number(value) : null
}

/** What clients make of an HTTP answer other than 200 (gRPC's http-grpc-status-mapping.md). */
export function grpcStatusOfHttp(httpStatus: number): number {
  switch (httpStatus) {
    case 400:
      return GRPC_STATUS.INTERNAL
    case 401:
      return GRPC_STATUS.UNAUTHENTICATED
    case 403:
      return GRPC_STATUS.PERMISSION_DENIED
    case 404:
      return GRPC_STATUS.UNIMPLEMENTED
    case 429:
    case 502:
    case 503:
    case 504:
      return GRPC_STATUS.UNAVAILABLE
    default:
      return GRPC_STATUS.UNKNOWN
  }
}

/** What clients make of RST_STREAM (PROTOCOL-HTTP2.md, "HTTP2 Transport Mapping"). */
export function grpcStatusOfReset(http2Error: number): number {
  switch (http2Error) {
    case 0x7:
      return GRPC_STATUS.UNAVAILABLE
    case 0x8:
      return GRPC_STATUS.CANCELLED
    case 0xb:
      return GRPC_STATUS.RESOURCE_EXHAUSTED
    case 0xc:
      return GRPC_STATUS.PERMISSION_DENIED
    default:
      return GRPC_STATUS.INTERNAL
  }
}

/** Text of a percent-encoded `grpc-message`, cut to 1,024 bytes; a wrong escape stays as it is. */
export function decodeGrpcMessage(value: string): string {
  const cut = value.slice(0, LONGEST_MESSAGE)
  const bytes = cut.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
