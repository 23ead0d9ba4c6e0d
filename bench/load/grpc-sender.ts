// The sending half of a connection: header blocks that fit the peer's table, and DATA within the peer's windows.

import { DEFAULT_TABLE_BYTES } from '../protocol/hpack.ts'
import { tableSizeUpdate } from '../protocol/hpack-encoder.ts'
import {
  DEFAULT_WINDOW_BYTES,
  FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  LARGEST_WINDOW_BYTES,
  MAX_FRAME_PAYLOAD_BYTES,
  writeFrameHeader,
  writeUint32,
} from '../protocol/http2-frames.ts'
import type { GrpcOutput } from './grpc-output.ts'
import type { GrpcRequest, GrpcRequests } from './grpc-requests.ts'
import type { GrpcStream } from './grpc-stream.ts'

export class GrpcSender {
  readonly #output: GrpcOutput
  readonly #requests: GrpcRequests
  /** Streams whose DATA waits for the connection's window alone, the oldest first. */
  readonly #blocked = new Set<GrpcStream>()
  #connectionWindowBytes = DEFAULT_WINDOW_BYTES
  #initialWindowBytes = DEFAULT_WINDOW_BYTES
  #block: 'filling' | 'indexed' | 'literal' = 'filling'
  #tableBytes = DEFAULT_TABLE_BYTES
  #owesTableUpdate = false

  constructor(output: GrpcOutput, requests: GrpcRequests) {
    this.#output = output
    this.#requests = requests
  }

  get initialWindowBytes(): number {
    return this.#initialWindowBytes
  }

  start(stream: GrpcStream): void {
    const request = this.#requests.variants[stream.request]
    if (request === undefined) throw new RangeError(`there is no prebuilt request ${stream.request}`)
    const isUsual = !stream.isStreaming && this.#block === 'indexed' && !this.#owesTableUpdate
    if (isUsual && request.frames !== null && this.#fits(stream, request)) {
      this.#writePrebuilt(stream, request, request.frames)
      return
    }
    this.#writeHeaders(stream)
    this.#writeData(stream)
  }

  /** The next request of a streaming lane. */
  startMessage(stream: GrpcStream): void {
    const request = this.#requests.variants[stream.request]
    if (request === undefined) throw new RangeError(`there is no prebuilt request ${stream.request}`)
    if (request.frames !== null && this.#fits(stream, request)) {
      this.#writePrebuilt(stream, request, request.frames)
    } else this.#writeData(stream)
  }

  #writePrebuilt(stream: GrpcStream, request: GrpcRequest, frames: Uint8Array): void {
    const { idOffsets } = this.#requests
    const offset = this.#output.reserve(frames.length)
    const { buffer } = this.#output
    buffer.set(frames, offset)
    for (let index = 0; index < idOffsets.length; index++) {
      writeUint32(buffer, offset + (idOffsets[index] ?? 0), stream.id)
    }
    this.#connectionWindowBytes -= request.dataBytes
    stream.sendWindowBytes -= request.dataBytes
    stream.bytesSent += frames.length
    stream.isSent = true
  }

  /** The stream is over: what was not sent of it stays unsent. */
  forget(stream: GrpcStream): void {
    this.#blocked.delete(stream)
  }

  /** A WINDOW_UPDATE for the connection; false when it overflows. */
  growConnectionWindow(increment: number): boolean {
    this.#connectionWindowBytes += increment
    if (this.#connectionWindowBytes > LARGEST_WINDOW_BYTES) return false
    this.#resume()
    return true
  }

  /** A WINDOW_UPDATE for a stream; false when it overflows. */
  growStreamWindow(stream: GrpcStream, increment: number): boolean {
    stream.sendWindowBytes += increment
    if (stream.sendWindowBytes > LARGEST_WINDOW_BYTES) return false
    if (!stream.isSent) this.#writeData(stream)
    return true
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE moves the window of every open stream, below zero if need be (section 6.9.2). */
  setInitialWindow(sizeBytes: number, open: readonly GrpcStream[]): boolean {
    const difference = sizeBytes - this.#initialWindowBytes
    this.#initialWindowBytes = sizeBytes
    if (difference === 0) return true
    for (const stream of open) {
      stream.sendWindowBytes += difference
      if (stream.sendWindowBytes > LARGEST_WINDOW_BYTES) return false
    }
    for (const stream of open) if (!stream.isSent) this.#writeData(stream)
    return true
  }

  /** SETTINGS_HEADER_TABLE_SIZE. A table once made smaller is not made larger again: nothing is gained by it. */
  limitTable(sizeBytes: number): void {
    if (sizeBytes >= this.#tableBytes) return
    this.#tableBytes = sizeBytes
    this.#owesTableUpdate = true
    if (sizeBytes < this.#requests.blocks.tableBytes) this.#block = 'literal'
  }

  #fits(stream: GrpcStream, request: GrpcRequest): boolean {
    return request.dataBytes <= this.#connectionWindowBytes && request.dataBytes <= stream.sendWindowBytes
  }

  #writeHeaders(stream: GrpcStream): void {
    const block = this.#requests.blocks[this.#block]
    const update = this.#owesTableUpdate ? tableSizeUpdate(this.#tableBytes) : null
    const length = block.length + (update?.length ?? 0)
    const offset = this.#output.reserve(FRAME_HEADER_BYTES + length)
    const { buffer } = this.#output
    const payload = writeFrameHeader(buffer, offset, length, FRAME.headers, FLAG.endHeaders, stream.id)
    if (update !== null) buffer.set(update, payload)
    buffer.set(block, payload + (update?.length ?? 0))
    stream.bytesSent += FRAME_HEADER_BYTES + length
    this.#owesTableUpdate = false
    if (this.#block === 'filling') this.#block = 'indexed'
  }

  /** Sends as much as the windows take; the rest waits, for the stream's own window or among the blocked. */
  #writeData(stream: GrpcStream): void {
    const request = this.#requests.variants[stream.request]
    if (request === undefined) return
    while (!stream.isSent) {
      const restBytes = request.dataBytes - stream.dataSentBytes
      const windowBytes = Math.min(this.#connectionWindowBytes, stream.sendWindowBytes)
      const length = Math.min(restBytes, windowBytes, MAX_FRAME_PAYLOAD_BYTES)
      if (length <= 0) {
        if (stream.sendWindowBytes > 0) this.#blocked.add(stream)
        else this.#blocked.delete(stream)
        return
      }
      this.#writeDataFrame(stream, request, length, length === restBytes)
    }
    this.forget(stream)
  }

  #writeDataFrame(stream: GrpcStream, request: GrpcRequest, length: number, isLast: boolean): void {
    const offset = this.#output.reserve(FRAME_HEADER_BYTES + length)
    const { buffer } = this.#output
    let position = writeFrameHeader(
      buffer,
      offset,
      length,
      FRAME.data,
      isLast && !stream.isStreaming ? FLAG.endStream : 0,
      stream.id,
    )
    const from = stream.dataSentBytes
    const prefix = request.prefix.subarray(from, from + length)
    buffer.set(prefix, position)
    position += prefix.length
    const messageFrom = from + prefix.length - request.prefix.length
    buffer.set(request.message.subarray(messageFrom, messageFrom + length - prefix.length), position)
    this.#connectionWindowBytes -= length
    stream.sendWindowBytes -= length
    stream.dataSentBytes += length
    stream.bytesSent += FRAME_HEADER_BYTES + length
    stream.isSent = isLast
  }

  #resume(): void {
    for (const stream of this.#blocked) {
      if (this.#connectionWindowBytes <= 0) return
      this.#writeData(stream)
    }
  }
}
