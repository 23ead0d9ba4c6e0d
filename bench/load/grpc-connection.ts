// One HTTP/2 connection as a gRPC client sees it: handshake, frames in both directions, and how it ends.
import { nowNs } from '../core/clock.ts'
import type { Wire } from '../event-loop/types.ts'
import { type FrameHandler, Http2FrameReader } from '../protocol/http2-frame-reader.ts'
import {
  FLAG,
  FRAME,
  frame,
  goAwayFrame,
  HTTP2_ERROR,
  type Http2ErrorName,
  readUint32,
} from '../protocol/http2-frames.ts'
import type { ConnectionOptions, ConnectionOwner } from './grpc-connection-owner.ts'
import { type ConnectionFault, fault, goAwayText, readSettings } from './grpc-frame-checks.ts'
import { CLIENT_HELLO } from './grpc-hello.ts'
import { GrpcOutput } from './grpc-output.ts'
import { GrpcSender } from './grpc-sender.ts'
import type { GrpcStream } from './grpc-stream.ts'
import { GrpcStreams } from './grpc-streams.ts'
import type { Outcome } from './request-columns.ts'

/** Replies that a peer can make us owe it while it reads none of them. */
const MOST_UNREAD_REPLIES = 1000
const LONGEST_FAREWELL_MS = 250

export class GrpcConnection implements FrameHandler {
  readonly #options: ConnectionOptions
  readonly #owner: ConnectionOwner
  readonly #socket: Wire
  readonly #output: GrpcOutput
  readonly #reader = new Http2FrameReader(this)
  readonly #sender: GrpcSender
  readonly #streams: GrpcStreams
  readonly #connectTimer: NodeJS.Timeout
  #state: 'connecting' | 'ready' | 'draining' | 'closed' = 'connecting'
  #wasReady = false
  readonly #startNs = nowNs()
  #nextStreamId = 1
  #maxStreams = Number.POSITIVE_INFINITY
  #unreadReplies = 0

  constructor(options: ConnectionOptions, owner: ConnectionOwner) {
    this.#options = options
    this.#owner = owner
    const { host, port, connectTimeoutMs, connector } = options
    this.#socket = connector.connect({ host, port, onRead: this.#onRead })
    this.#output = new GrpcOutput(this.#socket, connector)
    this.#sender = new GrpcSender(this.#output, options.requests)
    this.#streams = new GrpcStreams(this.#output, this.#sender, options.sink, () => this.#onStreamEnd())
    this.#connectTimer = setTimeout(() => this.#onConnectTimeout(connectTimeoutMs), connectTimeoutMs)
    this.#socket.on(connector.readyEvent, () => this.#introduce())
    this.#socket.on('error', (error) => this.#onSocketEnd(connector.textOf(error, this.#socket)))
    this.#socket.on('close', () => this.#onSocketEnd('closed by the server'))
  }

  get canStart(): boolean {
    return this.#state === 'ready' && this.#streams.count < this.#maxStreams
  }

  get isAtStreamLimit(): boolean {
    return this.#state === 'ready' && this.#streams.count >= this.#maxStreams
  }

  /** It came as far as the server's SETTINGS. */
  get wasReady(): boolean {
    return this.#wasReady
  }

  get hasAnswered(): boolean {
    return this.#streams.hasAnswered
  }

  /** Only while `canStart`. */
  start(stream: GrpcStream): void {
    const id = this.#nextStreamId
    this.#nextStreamId += 2
    stream.begin(this, id, this.#sender.initialWindowBytes)
    this.#streams.add(stream)
    this.#sender.start(stream)
    if (this.#nextStreamId > this.#options.lastStreamId) this.#drain()
  }

  /** Whether a streaming lane's next request can go over the stream that it has here. */
  get canContinue(): boolean {
    return this.#state === 'ready'
  }

  /** Only while `canContinue`. */
  continue(stream: GrpcStream): void {
    stream.beginMessage()
    this.#sender.startMessage(stream)
  }

  /** Ends a streaming lane's stream that carries nothing at the moment, so that another lane gets its turn. */
  releaseIdle(): void {
    const idle = this.#streams.open().find((stream) => !stream.isBusy)
    if (idle !== undefined) this.#streams.reset(idle, HTTP2_ERROR.CANCEL)
  }

  /** Gives a request up: the server is told, nothing is reported. */
  cancel(stream: GrpcStream): void {
    this.#streams.reset(stream, HTTP2_ERROR.CANCEL)
    this.#onStreamEnd()
  }

  /** Ends everything and reports nothing from here on; resolves when the socket is gone. */
  close(): Promise<void> {
    this.#streams.silence()
    if (this.#isOpen) this.#leave('NO_ERROR')
    return this.whenGone()
  }

  whenGone(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.closed) resolve()
      else this.#socket.once('close', () => resolve())
    })
  }

  readonly #onRead = (bytes: Uint8Array, start: number, end: number): void => {
    if (this.#state === 'closed') return
    this.#output.cork()
    this.#reader.push(bytes, start, end)
    this.#output.uncork()
    if (!this.#output.isBehind) this.#unreadReplies = 0
  }

  onFrame(type: number, flags: number, streamId: number, payload: Uint8Array, start: number, end: number): boolean {
    const found = this.#handle(type, flags, streamId, payload, start, end)
    if (found !== null) this.#fail(found)
    return this.#isOpen
  }

  onOversizedFrame(lengthBytes: number): void {
    // "HTT", read as a length.
    if (lengthBytes === 0x485454) this.#fail(fault('PROTOCOL_ERROR', 'the port speaks HTTP/1, not gRPC'))
    else this.#fail(fault('FRAME_SIZE_ERROR', `a frame of ${lengthBytes} bytes`))
  }

  #handle(
    type: number,
    flags: number,
    streamId: number,
    payload: Uint8Array,
    start: number,
    end: number,
  ): ConnectionFault | null {
    if (this.#state === 'connecting' && (type !== FRAME.settings || (flags & FLAG.ack) !== 0)) {
      return fault('PROTOCOL_ERROR', 'the server does not begin with SETTINGS')
    }
    const joining = this.#streams.headerBlockOf
    if (joining !== 0 && (type !== FRAME.continuation || streamId !== joining)) {
      return fault('PROTOCOL_ERROR', 'a frame within a header block')
    }
    switch (type) {
      case FRAME.settings:
        return streamId === 0 ? this.#onSettings(flags, payload, start, end) : wrongStream('SETTINGS')
      case FRAME.ping:
        return streamId === 0 ? this.#onPing(flags, payload, start, end) : wrongStream('PING')
      case FRAME.goAway:
        return streamId === 0 ? this.#onGoAway(payload, start, end) : wrongStream('GOAWAY')
      case FRAME.windowUpdate:
        if (end - start !== 4) return fault('FRAME_SIZE_ERROR', 'WINDOW_UPDATE of a wrong length')
        if (streamId === 0) return this.#onConnectionWindow(readUint32(payload, start) & 0x7fffffff)
        break
      case FRAME.pushPromise:
        return fault('PROTOCOL_ERROR', 'PUSH_PROMISE, which was forbidden')
    }
    if (type > FRAME.continuation || type === FRAME.priority) return null
    if (streamId === 0 || streamId % 2 === 0 || streamId >= this.#nextStreamId) return wrongStream(`type ${type}`)
    return this.#streams.onFrame(type, flags, streamId, payload, start, end)
  }

  #onSettings(flags: number, payload: Uint8Array, start: number, end: number): ConnectionFault | null {
    if ((flags & FLAG.ack) !== 0) {
      this.#streams.forbidHeaderTable()
      return start === end ? null : fault('FRAME_SIZE_ERROR', 'SETTINGS of a wrong length')
    }
    const settings = readSettings(payload, start, end)
    if ('error' in settings) return settings
    if (settings.headerTableBytes !== null) this.#sender.limitTable(settings.headerTableBytes)
    this.#maxStreams = settings.maxConcurrentStreams ?? this.#maxStreams
    const initial = settings.initialWindowBytes ?? this.#sender.initialWindowBytes
    const flood = this.#reply(frame(FRAME.settings, FLAG.ack, 0, new Uint8Array(0)))
    if (flood !== null) return flood
    if (!this.#sender.setInitialWindow(initial, this.#streams.open())) return windowOverflow()
    if (this.#state === 'connecting') {
      clearTimeout(this.#connectTimer)
      this.#state = 'ready'
      this.#wasReady = true
      this.#options.sink.onConnected(nowNs() - this.#startNs)
      this.#owner.onReady()
    }
    this.#owner.onCapacity(this)
    return null
  }

  #onPing(flags: number, payload: Uint8Array, start: number, end: number): ConnectionFault | null {
    if (end - start !== 8) return fault('FRAME_SIZE_ERROR', 'PING of a wrong length')
    if ((flags & FLAG.ack) !== 0) return null
    return this.#reply(frame(FRAME.ping, FLAG.ack, 0, payload.subarray(start, end)))
  }

  #reply(bytes: Uint8Array): ConnectionFault | null {
    if (this.#output.isBehind && ++this.#unreadReplies > MOST_UNREAD_REPLIES) {
      return fault('ENHANCE_YOUR_CALM', 'a flood of PING or SETTINGS')
    }
    this.#output.append(bytes)
    return null
  }

  #onConnectionWindow(increment: number): ConnectionFault | null {
    if (increment === 0) return fault('PROTOCOL_ERROR', 'WINDOW_UPDATE of 0')
    return this.#sender.growConnectionWindow(increment) ? null : windowOverflow()
  }

  #onGoAway(payload: Uint8Array, start: number, end: number): ConnectionFault | null {
    if (end - start < 8) return fault('FRAME_SIZE_ERROR', 'GOAWAY of a wrong length')
    const lastStreamId = readUint32(payload, start) & 0x7fffffff
    const text = goAwayText(payload, start, end)
    this.#drain()
    for (const stream of this.#streams.open()) {
      if (stream.id > lastStreamId) this.#streams.fail(stream, 'aborted', 0, text)
    }
    this.#onStreamEnd()
    return null
  }

  #drain(): void {
    if (this.#state !== 'ready') return
    this.#state = 'draining'
    this.#owner.onDraining(this)
  }

  #onStreamEnd(): void {
    if (this.#state === 'ready') this.#owner.onCapacity(this)
    else if (this.#state === 'draining' && this.#streams.count === 0) this.#end('aborted', 'drained', 'NO_ERROR')
  }

  #introduce(): void {
    if (this.#state !== 'connecting') return
    const refusal = this.#options.connector.refusalOf(this.#socket)
    if (refusal === null) this.#output.append(CLIENT_HELLO)
    else this.#end('connect', refusal, null)
  }

  #onConnectTimeout(timeoutMs: number): void {
    this.#end('connect', `no HTTP/2 connection within ${timeoutMs} ms`, null)
  }

  #onSocketEnd(text: string): void {
    this.#end(this.#state === 'connecting' ? 'connect' : 'aborted', `the connection ended: ${text}`, null)
  }

  #fail({ error, text }: ConnectionFault): void {
    this.#end('bad-response', `HTTP/2 ${error}: ${text}`, error)
  }

  get #isOpen(): boolean {
    return this.#state !== 'closed'
  }

  #end(outcome: Outcome, text: string, farewell: Http2ErrorName | null): void {
    if (!this.#isOpen) return
    this.#leave(farewell)
    this.#owner.onClosed(this, outcome, text)
    for (const stream of this.#streams.open()) this.#streams.fail(stream, outcome, 0, text)
  }

  /** With a farewell the server gets a GOAWAY, and a moment to read it. */
  #leave(farewell: Http2ErrorName | null): void {
    const wasReady = this.#wasReady
    this.#state = 'closed'
    clearTimeout(this.#connectTimer)
    if (farewell === null || !wasReady) {
      this.#output.close()
      this.#socket.destroy()
      return
    }
    this.#output.append(goAwayFrame(farewell))
    this.#output.flush()
    this.#output.close()
    this.#socket.destroySoon()
    const timer = setTimeout(() => this.#socket.destroy(), LONGEST_FAREWELL_MS)
    this.#socket.once('close', () => clearTimeout(timer))
  }
}

function wrongStream(what: string): ConnectionFault {
  return fault('PROTOCOL_ERROR', `a frame on a wrong stream: ${what}`)
}

function windowOverflow(): ConnectionFault {
  return fault('FLOW_CONTROL_ERROR', 'a window over 2^31 − 1 bytes')
}
