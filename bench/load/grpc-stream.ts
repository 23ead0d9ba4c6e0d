// One lane's request on its way: what was sent and received of it. One object a lane, reused by every request. A streaming
// lane keeps its HTTP/2 stream from answer to request; a unary one opens a stream for each.
import { FRAME, numberFrame } from '../protocol/http2-frames.ts'
import type { GrpcConnection } from './grpc-connection.ts'
import { GrpcMessage } from './grpc-message.ts'
import type { TransportOptions } from './transport.ts'

/** How much an answer may be ahead of us. */
export const STREAM_WINDOW_BYTES = 4 * 1024 * 1024

/** Why a request fails that gets the answer to another one. */
export const STRAY =
  'an answer to another request: the server sends more than one answer a request, and does not mark the last one ' +
  'with triton_final_response'

export class GrpcStream {
  readonly lane: number
  /** What comes in now. */
  message: GrpcMessage
  /** The answer before the one that comes in, of a request with several; null where there was none. */
  #before: GrpcMessage | null = null
  #spare: GrpcMessage
  /** Many requests, one after the other, over one HTTP/2 stream. */
  readonly isStreaming: boolean
  /** A request is in flight or waits to be: it is owed a report. */
  isBusy = false
  /** `null` while it has no HTTP/2 stream: when nothing is in flight (unary), and while it waits for a connection. */
  connection: GrpcConnection | null = null
  isWaiting = false
  /** Number of the prebuilt request. */
  request = 0
  id = 0
  bytesSent = 0
  bytesReceived = 0
  /** How many more bytes of DATA the peer takes on this stream; negative after a smaller SETTINGS_INITIAL_WINDOW_SIZE. */
  sendWindowBytes = 0
  /** Bytes of DATA payload handed to the connection. */
  dataSentBytes = 0
  isSent = false
  /** Bytes of DATA received since the last WINDOW_UPDATE. */
  unreturnedBytes = 0
  hasHeaders = false

  readonly #partOf: TransportOptions['partOf']

  /** @param partOf of a stream's answers; absent: each is the only one to its request */
  constructor(lane: number, maxMessageBytes: number, isStreaming: boolean, partOf?: TransportOptions['partOf']) {
    this.lane = lane
    this.#partOf = partOf
    this.isStreaming = isStreaming
    this.message = new GrpcMessage(maxMessageBytes)
    this.#spare = new GrpcMessage(maxMessageBytes)
  }

  /**
   * Takes the message that is complete.
   * @returns the answer that the request is judged by, the last one with outputs; `null` where others are to come
   */
  settle(): GrpcMessage | 'stray' | null {
    const part = this.#partOf?.(this.message.body, 0, this.message.receivedBytes, this.request) ?? 'last'
    if (part === 'stray') return part
    if (part === 'more') {
      this.#before = this.message
      this.message = this.#spare
      this.#spare = this.#before
      this.message.reset()
      return null
    }
    return part === 'end' && this.#before !== null ? this.#before : this.message
  }

  /** Gives the peer back the room of what was received: the frame to send. */
  takeWindowUpdate(): Uint8Array {
    const update = numberFrame(FRAME.windowUpdate, this.id, this.unreturnedBytes)
    this.bytesSent += update.length
    this.unreturnedBytes = 0
    return update
  }

  /** Forgets the last request of the lane. */
  prepare(request: number): void {
    this.request = request
    this.isBusy = true
    this.bytesSent = 0
    this.bytesReceived = 0
  }

  begin(connection: GrpcConnection, id: number, sendWindowBytes: number): void {
    this.connection = connection
    this.id = id
    this.sendWindowBytes = sendWindowBytes
    this.unreturnedBytes = 0
    this.hasHeaders = false
    this.beginMessage()
  }

  /** The next request of a streaming lane, on the stream that is open. */
  beginMessage(): void {
    this.dataSentBytes = 0
    this.isSent = false
    this.#before = null
    this.message.reset()
  }
}
