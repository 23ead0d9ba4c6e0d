// The open streams of one connection: answers put together from frames, judged, and reported to the sink.
import { grpcStatusName, grpcStatusOfHttp, grpcStatusOfReset } from '../protocol/grpc-status.ts'
import {
  FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  HTTP2_ERROR,
  http2ErrorName,
  LARGEST_WINDOW_BYTES,
  numberFrame,
  readUint32,
} from '../protocol/http2-frames.ts'
import { type ConnectionFault, fault, unpad } from './grpc-frame-checks.ts'
import { HeaderBlockJoiner } from './grpc-header-block.ts'
import type { GrpcOutput } from './grpc-output.ts'
import { ResponseHeaderDecoder, type ResponseHeaders } from './grpc-response-headers.ts'
import type { GrpcSender } from './grpc-sender.ts'
import { type GrpcStream, STRAY, STREAM_WINDOW_BYTES } from './grpc-stream.ts'
import { failureOf } from './grpc-verdict.ts'
import type { Outcome } from './request-columns.ts'
import type { LaneSink } from './transport.ts'

export class GrpcStreams {
  readonly #output: GrpcOutput
  readonly #sender: GrpcSender
  readonly #sink: LaneSink
  readonly #onEnd: () => void
  readonly #byId = new Map<number, GrpcStream>()
  readonly #decoder = new ResponseHeaderDecoder()
  readonly #joiner = new HeaderBlockJoiner()
  readonly #span = { start: 0, end: 0 }
  #hasAnswered = false
  /** Bytes of DATA since the last WINDOW_UPDATE of the connection. */
  #unreturnedBytes = 0

  /** @param onEnd a stream ended and is about to be reported: another one can take its place */
  constructor(output: GrpcOutput, sender: GrpcSender, sink: LaneSink, onEnd: () => void) {
    this.#output = output
    this.#sender = sender
    this.#sink = sink
    this.#onEnd = onEnd
  }

  /** The server said something about a request: it is worth while to connect again at once. */
  get hasAnswered(): boolean {
    return this.#hasAnswered
  }

  get count(): number {
    return this.#byId.size
  }

  /** Stream whose header block is not complete; 0: none. */
  get headerBlockOf(): number {
    return this.#joiner.streamId
  }

  open(): GrpcStream[] {
    return [...this.#byId.values()]
  }

  add(stream: GrpcStream): void {
    this.#byId.set(stream.id, stream)
  }

  forbidHeaderTable(): void {
    this.#decoder.forbidTable()
  }

  /** Reports nothing more of what is open, not even from within the report of another stream. */
  silence(): void {
    this.#byId.clear()
  }

  /** Ends a stream on both sides. Frames of it that still come are ignored. */
  reset(stream: GrpcStream, error: number): void {
    this.#output.append(numberFrame(FRAME.resetStream, stream.id, error))
    this.#remove(stream)
  }

  fail(stream: GrpcStream, outcome: Outcome, code: number, text: string): void {
    // Reported already, by what the sink did when an earlier one was.
    if (this.#byId.get(stream.id) !== stream) return
    this.#remove(stream)
    this.#onEnd()
    // A streaming lane between two requests: nobody waits for anything; an answer then is one too many.
    if (!stream.isBusy && outcome === 'bad-response') this.#sink.onUnasked?.()
    if (!stream.isBusy) return
    stream.isBusy = false
    this.#sink.onFailureText(text)
    this.#sink.onAnswer(stream.lane, outcome, code, stream.bytesSent, stream.bytesReceived, null, 0, 0, -1)
  }

  /** A frame on a stream that is open or was: DATA, HEADERS, CONTINUATION, RST_STREAM or WINDOW_UPDATE. */
  onFrame(
    type: number,
    flags: number,
    streamId: number,
    payload: Uint8Array,
    start: number,
    end: number,
  ): ConnectionFault | null {
    const stream = this.#byId.get(streamId)
    switch (type) {
      case FRAME.data:
        return this.#onData(stream, flags, payload, start, end)
      case FRAME.headers:
        return this.#onHeaders(stream, flags, streamId, payload, start, end)
      case FRAME.continuation:
        return this.#onContinuation(stream, flags, payload, start, end)
      case FRAME.resetStream:
        if (end - start !== 4) return fault('FRAME_SIZE_ERROR', 'RST_STREAM of a wrong length')
        if (stream !== undefined) this.#onReset(stream, readUint32(payload, start))
        return null
      default:
        if (stream !== undefined) this.#onWindowUpdate(stream, readUint32(payload, start) & 0x7fffffff)
        return null
    }
  }

  #onData(
    stream: GrpcStream | undefined,
    flags: number,
    payload: Uint8Array,
    start: number,
    end: number,
  ): ConnectionFault | null {
    const length = end - start
    this.#unreturnedBytes += length
    if (this.#unreturnedBytes >= LARGEST_WINDOW_BYTES / 2) {
      this.#output.append(numberFrame(FRAME.windowUpdate, 0, this.#unreturnedBytes))
      this.#unreturnedBytes = 0
    }
    const wrong = unpad(flags, payload, start, end, 0, this.#span)
    if (wrong !== null || stream === undefined) return wrong
    stream.bytesReceived += FRAME_HEADER_BYTES + length
    stream.unreturnedBytes += length
    const problem = this.#take(stream, payload, this.#span.start, this.#span.end)
    if (problem !== null) this.#reject(stream, problem)
    else if (this.#byId.get(stream.id) !== stream) return null
    else if ((flags & FLAG.endStream) !== 0)
      this.fail(stream, 'bad-response', 0, 'the answer ended without grpc-status')
    else {
      if (stream.unreturnedBytes >= STREAM_WINDOW_BYTES / 2) this.#output.append(stream.takeWindowUpdate())
    }
    return null
  }

  /** Bytes of DATA: the one message of a unary answer, or as many messages of a stream as they hold. */
  #take(stream: GrpcStream, payload: Uint8Array, start: number, end: number): string | null {
    if (!stream.hasHeaders) return 'the answer begins with DATA'
    if (!stream.isStreaming) return stream.message.push(payload, start, end)
    let position = start
    do {
      position = stream.message.take(payload, position, end)
      if (position === -1) return stream.message.problem
      if (stream.isBusy && stream.message.isComplete) this.#deliver(stream)
      // What the sink did may have ended the stream.
    } while (position < end && this.#byId.get(stream.id) === stream)
    return null
  }

  /** A message of a streaming lane is complete: the stream stays, as a rule. */
  #deliver(stream: GrpcStream): void {
    const answer = stream.settle()
    if (answer === 'stray') this.#reject(stream, STRAY)
    if (answer === 'stray' || answer === null) return
    // Answered before all of the request was sent, whose rest would be taken for the next one's beginning.
    if (!stream.isSent) this.reset(stream, HTTP2_ERROR.CANCEL)
    stream.isBusy = false
    this.#onEnd()
    const { lane, bytesSent, bytesReceived } = stream
    this.#sink.onAnswer(lane, 'ok', 0, bytesSent, bytesReceived, answer.body, 0, answer.receivedBytes, -1)
  }

  #onHeaders(
    stream: GrpcStream | undefined,
    flags: number,
    streamId: number,
    payload: Uint8Array,
    start: number,
    end: number,
  ): ConnectionFault | null {
    const priorityBytes = (flags & FLAG.priority) !== 0 ? 5 : 0
    const wrong = unpad(flags, payload, start, end, priorityBytes, this.#span)
    if (wrong !== null) return wrong
    const endsStream = (flags & FLAG.endStream) !== 0
    const frameBytes = FRAME_HEADER_BYTES + end - start
    if ((flags & FLAG.endHeaders) !== 0) {
      return this.#onBlock(stream, endsStream, payload, this.#span.start, this.#span.end, frameBytes)
    }
    this.#joiner.begin(streamId, endsStream)
    return this.#joiner.add(payload, this.#span.start, this.#span.end, frameBytes)
  }

  #onContinuation(
    stream: GrpcStream | undefined,
    flags: number,
    payload: Uint8Array,
    start: number,
    end: number,
  ): ConnectionFault | null {
    const joiner = this.#joiner
    if (joiner.streamId === 0) return fault('PROTOCOL_ERROR', 'CONTINUATION without HEADERS')
    const wrong = joiner.add(payload, start, end, FRAME_HEADER_BYTES + end - start)
    if (wrong !== null || (flags & FLAG.endHeaders) === 0) return wrong
    const block = joiner.finish()
    return this.#onBlock(stream, joiner.endsStream, block, 0, block.length, joiner.frameBytes)
  }

  /** A whole header block. Blocks of streams that are over are decoded as well: the table may depend on them. */
  #onBlock(
    stream: GrpcStream | undefined,
    endsStream: boolean,
    block: Uint8Array,
    start: number,
    end: number,
    frameBytes: number,
  ): ConnectionFault | null {
    const headers = this.#decoder.decode(block, start, end)
    if (typeof headers === 'string') return fault('COMPRESSION_ERROR', headers)
    if (stream === undefined) return null
    stream.bytesReceived += frameBytes
    this.#hasAnswered = true
    if (stream.hasHeaders) {
      if (endsStream) this.#judge(stream, headers)
      else this.#reject(stream, 'the answer has headers in its middle')
      return null
    }
    const status = headers.httpStatus ?? 0
    if (status >= 100 && status < 200 && !endsStream) return null
    this.#onFirstHeaders(stream, headers, endsStream)
    return null
  }

  #onFirstHeaders(stream: GrpcStream, headers: ResponseHeaders, endsStream: boolean): void {
    const { httpStatus, contentType } = headers
    stream.hasHeaders = true
    if (httpStatus === null || httpStatus < 200) this.#reject(stream, 'the answer has no HTTP status')
    else if (httpStatus !== 200) this.#onHttpError(stream, httpStatus)
    else if (!contentType.startsWith('application/grpc')) {
      this.#reject(stream, `the answer is ${JSON.stringify(contentType.slice(0, 60))}, not application/grpc`)
    } else if (endsStream) this.#judge(stream, headers)
  }

  /** An answer of something that is no gRPC server, such as a proxy: mapped as every gRPC client maps it. */
  #onHttpError(stream: GrpcStream, httpStatus: number): void {
    const code = grpcStatusOfHttp(httpStatus)
    this.#cancel(stream)
    this.fail(stream, 'status', code, `${grpcStatusName(code)}: HTTP status ${httpStatus}`)
  }

  /** The end of an answer, by its trailers. */
  #judge(stream: GrpcStream, headers: ResponseHeaders): void {
    if (stream.isStreaming || !stream.isSent) this.#cancel(stream)
    const failure = failureOf(stream, headers)
    if (failure === null) this.#succeed(stream)
    else this.fail(stream, failure.outcome, failure.code, failure.text)
  }

  #succeed(stream: GrpcStream): void {
    const { lane, bytesSent, bytesReceived, message } = stream
    this.#remove(stream)
    this.#onEnd()
    stream.isBusy = false
    this.#sink.onAnswer(lane, 'ok', 0, bytesSent, bytesReceived, message.body, 0, message.receivedBytes, -1)
  }

  #onReset(stream: GrpcStream, error: number): void {
    const code = grpcStatusOfReset(error)
    stream.bytesReceived += FRAME_HEADER_BYTES + 4
    this.fail(stream, 'status', code, `${grpcStatusName(code)}: the server reset the stream (${http2ErrorName(error)})`)
  }

  #onWindowUpdate(stream: GrpcStream, increment: number): void {
    stream.bytesReceived += FRAME_HEADER_BYTES + 4
    if (increment === 0) this.#reject(stream, 'the server sent WINDOW_UPDATE of 0')
    else if (!this.#sender.growStreamWindow(stream, increment))
      this.#reject(stream, 'the window is over 2^31 − 1 bytes')
  }

  /** An answer that is no answer: the rest of it is not wanted. */
  #reject(stream: GrpcStream, text: string): void {
    this.#cancel(stream)
    this.fail(stream, 'bad-response', 0, text)
  }

  #cancel(stream: GrpcStream): void {
    this.#output.append(numberFrame(FRAME.resetStream, stream.id, HTTP2_ERROR.CANCEL))
  }

  #remove(stream: GrpcStream): void {
    this.#byId.delete(stream.id)
    stream.connection = null
    if (!stream.isSent) this.#sender.forget(stream)
  }
}
