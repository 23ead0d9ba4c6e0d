// One HTTP/2 connection of the built-in gRPC server: reads requests, sends prebuilt answers within the client's windows.
import type { ServerWire } from '../event-loop/types.ts'
import { HpackDecoder } from '../protocol/hpack.ts'
import { type FrameHandler, Http2FrameReader } from '../protocol/http2-frame-reader.ts'
import {
  CLIENT_PREFACE,
  DEFAULT_WINDOW_BYTES,
  FLAG,
  FRAME,
  frame,
  LARGEST_WINDOW_BYTES,
  numberFrame,
  readUint32,
  SETTING,
  settingsFrame,
  writeUint32,
} from '../protocol/http2-frames.ts'
import type { ModelSpec } from '../scenario/types.ts'
import type { Attendant, Exchange } from './attendant.ts'
import { type AnswerFrames, answerFrames, writeAnswer } from './grpc-answer-frames.ts'
import { grpcPage } from './metadata.ts'

export interface GrpcAnswers {
  readonly model: ModelSpec
  /** Over a stream of many requests: with the headers, and after them. */
  readonly first: AnswerFrames
  readonly further: AnswerFrames
  /** Of a call by itself. */
  readonly good: AnswerFrames
  readonly failed: AnswerFrames
}

const UNIMPLEMENTED = 12
const MAX_HEADER_LIST_BYTES = 64 * 1024
const OUTPUT_BYTES = 64 * 1024
const PRIORITY_BYTES = 5
const PREFIX_BYTES = 5

/** Of a message only its length is looked at: nothing is kept of what large requests bring. */
interface InferStream {
  /** Bytes of the prefix that came so far, and the length that they tell. */
  prefixBytes: number
  lengthBytes: number
  /** Bytes of the message that are still to come. */
  missingBytes: number
  isAnswered: boolean
}

export class GrpcServerConnection implements FrameHandler {
  readonly #socket: ServerWire
  readonly #attendant: Attendant
  readonly #answers: GrpcAnswers
  readonly #reader = new Http2FrameReader(this)
  readonly #hpack = new HpackDecoder(MAX_HEADER_LIST_BYTES)
  /** Header block of the last request for an inference: a client with a filled table sends the same bytes again. */
  #inferBlock: Uint8Array = new Uint8Array(0)
  /** Streams whose request is not complete, with the method asked for. */
  readonly #methods = new Map<number, string>()
  /** Streams of many requests: bytes of the message that is not complete, and whether the headers were sent. */
  readonly #inferStreams = new Map<number, InferStream>()
  /** Answers that wait for the connection's window. */
  readonly #waiting: { readonly answer: AnswerFrames; readonly streamId: number }[] = []
  #windowBytes = DEFAULT_WINDOW_BYTES
  #unreturnedBytes = 0
  #prefaceBytes = 0
  #lastStreamId = 0
  #output = Buffer.allocUnsafeSlow(OUTPUT_BYTES)
  #outputBytes = 0
  /** What is written waits for more: while a read is handled, and until the replies that are due now are given. */
  #isGathering = false
  readonly #flushGathered = () => {
    this.#isGathering = false
    this.#flush()
  }

  constructor(socket: ServerWire, attendant: Attendant, answers: GrpcAnswers) {
    this.#socket = socket
    this.#attendant = attendant
    this.#answers = answers
    this.#write(settingsFrame([[SETTING.initialWindowSize, LARGEST_WINDOW_BYTES]]))
    this.#write(numberFrame(FRAME.windowUpdate, 0, LARGEST_WINDOW_BYTES - DEFAULT_WINDOW_BYTES))
    this.#flush()
  }

  push(bytes: Buffer): void {
    let start = 0
    while (this.#prefaceBytes < CLIENT_PREFACE.length && start < bytes.length) {
      if (bytes[start++] === CLIENT_PREFACE[this.#prefaceBytes++]) continue
      this.#end()
      return
    }
    this.#isGathering = true
    this.#reader.push(bytes, start, bytes.length)
    this.#flushGathered()
  }

  onOversizedFrame(): void {
    this.#end()
  }

  onFrame(type: number, flags: number, streamId: number, payload: Uint8Array, start: number, end: number): boolean {
    switch (type) {
      case FRAME.headers:
        return this.#onHeaders(flags, streamId, payload, start, end)
      case FRAME.data:
        this.#onData(flags, streamId, payload, start, end)
        break
      case FRAME.settings:
        if ((flags & FLAG.ack) === 0) this.#write(frame(FRAME.settings, FLAG.ack, 0, new Uint8Array(0)))
        break
      case FRAME.ping:
        if ((flags & FLAG.ack) === 0) this.#write(frame(FRAME.ping, FLAG.ack, 0, payload.subarray(start, end)))
        break
      case FRAME.windowUpdate:
        if (streamId === 0) this.#onWindow(readUint32(payload, start))
        break
      case FRAME.resetStream:
        this.#methods.delete(streamId)
        this.#inferStreams.delete(streamId)
        break
      case FRAME.continuation:
        // No client of a load test sends headers of more than a frame.
        this.#end()
        return false
    }
    return true
  }

  #onHeaders(flags: number, streamId: number, payload: Uint8Array, start: number, end: number): boolean {
    const from = start + ((flags & FLAG.padded) === 0 ? 0 : 1) + ((flags & FLAG.priority) === 0 ? 0 : PRIORITY_BYTES)
    const to = end - ((flags & FLAG.padded) === 0 ? 0 : (payload[start] ?? 0))
    if ((flags & FLAG.endHeaders) === 0 || to < from) {
      this.#end()
      return false
    }
    const method = this.#methodOf(payload, from, to)
    if (method === null) {
      this.#end()
      return false
    }
    this.#lastStreamId = streamId
    if (method === 'ModelStreamInfer')
      this.#inferStreams.set(streamId, { prefixBytes: 0, lengthBytes: 0, missingBytes: 0, isAnswered: false })
    else if ((flags & FLAG.endStream) === 0) this.#methods.set(streamId, method)
    else this.#serve(method, streamId)
    return true
  }

  /** null if the block is malformed. */
  #methodOf(bytes: Uint8Array, start: number, end: number): string | null {
    const known = this.#inferBlock
    if (known.length === end - start && isSame(known, bytes, start)) return 'ModelInfer'
    const decoded = this.#hpack.decode(bytes, start, end)
    if (!decoded.ok) return null
    const path = decoded.fields.find(([name]) => name === ':path')?.[1] ?? ''
    const method = path.slice(path.lastIndexOf('/') + 1)
    const isIndexed = decoded.fields.length === end - start
    // A block of indexed fields only changes no table, so the same bytes mean the same until the table changes.
    this.#inferBlock = method === 'ModelInfer' && isIndexed ? bytes.slice(start, end) : new Uint8Array(0)
    return method
  }

  #onData(flags: number, streamId: number, payload: Uint8Array, start: number, end: number): void {
    this.#unreturnedBytes += end - start
    if (this.#unreturnedBytes > LARGEST_WINDOW_BYTES / 2) {
      this.#write(numberFrame(FRAME.windowUpdate, 0, this.#unreturnedBytes))
      this.#unreturnedBytes = 0
    }
    const inferStream = this.#inferStreams.get(streamId)
    if (inferStream !== undefined) this.#onStreamMessage(inferStream, flags, streamId, payload.subarray(start, end))
    if ((flags & FLAG.endStream) === 0) return
    const method = this.#methods.get(streamId)
    if (method === undefined) return
    this.#methods.delete(streamId)
    this.#serve(method, streamId)
  }

  #onStreamMessage(stream: InferStream, flags: number, streamId: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length || isWhole(stream); ) {
      if (isWhole(stream)) {
        stream.prefixBytes = 0
        stream.lengthBytes = 0
        this.#infer(streamId, stream.isAnswered ? this.#answers.further : this.#answers.first)
        stream.isAnswered = true
      } else if (stream.prefixBytes < PREFIX_BYTES) {
        stream.lengthBytes = stream.lengthBytes * 256 + (bytes[at++] ?? 0)
        stream.prefixBytes++
        stream.missingBytes = stream.lengthBytes
      } else {
        const taken = Math.min(stream.missingBytes, bytes.length - at)
        stream.missingBytes -= taken
        at += taken
      }
    }
    if ((flags & FLAG.endStream) === 0) return
    this.#inferStreams.delete(streamId)
    this.#answer(answerFrames(null, 0), streamId)
  }

  #serve(method: string, streamId: number): void {
    if (method !== 'ModelInfer') {
      const page = grpcPage(method, this.#answers.model)
      this.#answer(page === null ? answerFrames(null, UNIMPLEMENTED) : answerFrames(page, 0), streamId)
      return
    }
    this.#infer(streamId, this.#answers.good)
  }

  #infer(streamId: number, good: AnswerFrames): void {
    const { behaviour } = this.#attendant
    if (behaviour.kind === 'known') {
      this.#attendant.serve(behaviour, this.#exchange(streamId, good, behaviour.closes))
      return
    }
    this.#attendant.answered++
    this.#answer(good, streamId)
  }

  #exchange(streamId: number, good: AnswerFrames, closes: boolean): Exchange {
    const answer = (frames: AnswerFrames) => {
      this.#answer(frames, streamId)
      if (closes) this.#goAway()
    }
    return {
      answer: () => answer(good),
      status: () => answer(this.#answers.failed),
      reset: () => this.#socket.resetAndDestroy(),
    }
  }

  #answer(answer: AnswerFrames, streamId: number): void {
    if (this.#waiting.length > 0 || answer.dataBytes > this.#windowBytes) {
      this.#waiting.push({ answer, streamId })
      return
    }
    this.#windowBytes -= answer.dataBytes
    this.#outputBytes = writeAnswer(this.#room(answer.bytes.length), this.#outputBytes, answer, streamId)
    this.#gather()
  }

  #onWindow(increment: number): void {
    this.#windowBytes += increment
    const waiting = this.#waiting.splice(0)
    for (const { answer, streamId } of waiting) this.#answer(answer, streamId)
  }

  #goAway(): void {
    const payload = new Uint8Array(8)
    writeUint32(payload, 0, this.#lastStreamId)
    this.#write(frame(FRAME.goAway, 0, 0, payload))
    this.#gather()
  }

  #gather(): void {
    if (this.#isGathering) return
    this.#isGathering = true
    this.#attendant.loop.soon(this.#flushGathered)
  }

  #write(bytes: Uint8Array): void {
    this.#room(bytes.length).set(bytes, this.#outputBytes)
    this.#outputBytes += bytes.length
  }

  /** The output buffer, with room for so many bytes more. */
  #room(bytes: number): Buffer {
    if (this.#outputBytes + bytes > this.#output.length) {
      this.#flush()
      if (bytes > this.#output.length) this.#output = Buffer.allocUnsafeSlow(bytes)
    }
    return this.#output
  }

  #flush(): void {
    if (this.#outputBytes === 0 || this.#socket.destroyed) return
    this.#socket.write(this.#output.subarray(0, this.#outputBytes))
    this.#outputBytes = 0
    // The kernel did not take all: the buffer belongs to the socket until it does.
    if (this.#socket.writableLength > 0) this.#output = Buffer.allocUnsafeSlow(this.#output.length)
  }

  #end(): void {
    this.#socket.destroy()
  }
}

function isWhole({ prefixBytes, missingBytes }: InferStream): boolean {
  return prefixBytes === PREFIX_BYTES && missingBytes === 0
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let offset = 0; offset < known.length; offset++) if (known[offset] !== bytes[start + offset]) return false
  return true
}
