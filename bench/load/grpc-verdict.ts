// What the trailers of a gRPC answer make of it.
import { GRPC_STATUS, grpcStatusName } from '../protocol/grpc-status.ts'
import type { ResponseHeaders } from './grpc-response-headers.ts'
import type { GrpcStream } from './grpc-stream.ts'
import type { Outcome } from './request-columns.ts'

export interface GrpcFailure {
  readonly outcome: Outcome
  readonly code: number
  readonly text: string
}

/** Why an answer that ended with these trailers is none; null for a good one. */
export function failureOf(
  { message, isStreaming }: Pick<GrpcStream, 'message' | 'isStreaming'>,
  { grpcStatus, grpcMessage }: ResponseHeaders,
): GrpcFailure | null {
  const bad = (text: string) => ({ outcome: 'bad-response', code: 0, text }) as const
  if (grpcStatus === null) return bad('the answer ended without a valid grpc-status')
  if (grpcStatus !== GRPC_STATUS.OK) {
    // Of the deadline that the request carried: the server gave up where we were about to.
    const outcome = grpcStatus === GRPC_STATUS.DEADLINE_EXCEEDED ? 'timeout' : 'status'
    return { outcome, code: grpcStatus, text: `${grpcStatusName(grpcStatus)}: ${grpcMessage}` }
  }
  if (!message.isComplete) return bad(message.incompleteness)
  if (isStreaming) return { outcome: 'aborted', code: 0, text: 'the server ended the stream before the answer' }
  return null
}
