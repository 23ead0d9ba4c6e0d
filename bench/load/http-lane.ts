// One lane of HTTP/1.1: a connection that carries one request at a time and is opened again whenever it is needed.
// The success path makes no promise, closure or object; a connection makes its few listeners when it is opened.
import { nowNs } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Wire } from '../event-loop/types.ts'
import { Http1Parser, PARSE, type ParserLimits } from '../protocol/http1-parser.ts'
import type { Connector } from './connector.ts'
import type { Outcome } from './request-columns.ts'
import type { LaneSink } from './transport.ts'

/** What the lanes of a transport have in common. */
export interface HttpLaneContext {
  readonly port: number
  readonly connector: Connector
  readonly connectTimeoutMs: number
  readonly limits: ParserLimits
  readonly sink: LaneSink
  /** Every socket that is not closed yet. */
  readonly sockets: Set<Wire>
}

const FIRST_BACKOFF_MS = 1
const MAX_BACKOFF_MS = 100
/** How long a server that announced to close is given to do so itself, which leaves TIME_WAIT with it. */
const LINGER_MS = 1000

export class HttpLane {
  readonly #index: number
  readonly #address: string
  readonly #context: HttpLaneContext
  readonly #parser: Http1Parser
  #socket: Wire | null = null
  #isConnected = false
  /** The request in flight. */
  #request: Buffer | null = null
  #isWritten = false
  /** Whole answers that the connection has brought. */
  #answers = 0
  /** Answers after which the server last closed a connection without a word; −1 if it never did. */
  #closedAfter = -1
  /** The request in flight was sent once already, over a connection that the server had closed. */
  #isRepeated = false
  /** The last connection brought none: the next one is not made at once. */
  #mustWait = false
  #backoffMs = FIRST_BACKOFF_MS
  #backoffTimer: NodeJS.Timeout | null = null
  /** Called once the connection that `open` asked for is ready or has failed. */
  #onOpened: (() => void) | null = null
  #isClosed = false

  constructor(index: number, address: string, context: HttpLaneContext) {
    this.#index = index
    this.#address = address
    this.#context = context
    this.#parser = new Http1Parser(context.limits)
  }

  /** Resolves when the connection is ready or has failed. */
  open(): Promise<void> {
    if (this.#socket !== null || this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onOpened = resolve
      this.#connect()
    })
  }

  send(request: Buffer): void {
    if (this.#isClosed) return
    this.#parser.reset()
    this.#request = request
    this.#isWritten = false
    this.#isRepeated = false
    if (this.#socket === null) this.#connectAgain()
    else if (this.#isConnected) this.#write(this.#socket, request)
  }

  abandon(outcome: 'timeout' | 'aborted'): void {
    if (this.#request === null) return
    this.#drop()
    this.#fail(outcome, `${outcome}: no answer until the request was given up`)
  }

  /** Reports nothing any more; the sockets close in their own time. */
  close(): void {
    this.#isClosed = true
    this.#request = null
    this.#drop()
  }

  /** A server that takes connections and answers on none of them must not turn the loop into a spin either. */
  #connectAgain(): void {
    if (this.#mustWait) this.#afterBackoff(() => this.#connect())
    else this.#connect()
    this.#mustWait = false
  }

  #connect(): void {
    const startNs = nowNs()
    const { port, connector, connectTimeoutMs, sockets } = this.#context
    try {
      const socket: Wire = connector.connect({
        host: this.#address,
        port,
        onRead: (bytes, start, end) => this.#onData(socket, bytes, start, end),
      })
      this.#socket = socket
      this.#isConnected = false
      sockets.add(socket)
      let reason = 'the connection was closed'
      socket.on(connector.readyEvent, () => this.#onConnect(socket, startNs))
      socket.on('timeout', () => this.#onTimeout(socket))
      socket.on('end', () => this.#onLost(socket, null))
      socket.on('error', (error) => {
        reason = connector.textOf(error, socket)
        this.#onLost(socket, reason)
      })
      socket.on('close', () => {
        sockets.delete(socket)
        this.#onLost(socket, reason)
      })
      socket.setTimeout(connectTimeoutMs)
    } catch (error) {
      this.#onConnectFailed(messageOf(error))
    }
  }

  #onConnect(socket: Wire, startNs: number): void {
    if (socket !== this.#socket) return
    const refusal = this.#context.connector.refusalOf(socket)
    if (refusal !== null) {
      this.#onLost(socket, refusal)
      return
    }
    this.#isConnected = true
    this.#answers = 0
    this.#context.sink.onConnected(nowNs() - startNs)
    socket.setTimeout(0)
    this.#settleOpen()
    if (this.#request !== null) this.#write(socket, this.#request)
  }

  /** Connecting took too long, or a server that announced to close has not. */
  #onTimeout(socket: Wire): void {
    if (socket === this.#socket) this.#onLost(socket, `not connected after ${this.#context.connectTimeoutMs} ms`)
    socket.destroy()
  }

  #write(socket: Wire, request: Buffer): void {
    this.#isWritten = true
    socket.write(request)
  }

  #onData(socket: Wire, bytes: Uint8Array, start: number, end: number): void {
    if (socket !== this.#socket || this.#request === null) {
      // Late, or asked for by nobody: what it belongs to cannot be known, so the connection is of no more use.
      if (socket === this.#socket) this.#socket = null
      socket.destroy()
      return
    }
    const result = this.#parser.feed(bytes, start, end)
    if (result === PARSE.done) this.#finish(socket)
    else if (result === PARSE.failed) {
      this.#mustWait = this.#answers === 0
      this.#drop()
      this.#fail('bad-response', `bad-response: ${this.#parser.failure}`)
    }
  }

  /** A whole answer: the connection's future is settled first, since the sink may send again at once. */
  #finish(socket: Wire): void {
    const parser = this.#parser
    this.#answers++
    this.#backoffMs = FIRST_BACKOFF_MS
    if (!parser.keepsAlive) this.#retire(socket)
    else if (parser.leftoverBytes > 0 || socket.writableLength > this.#context.connector.lateBytes) this.#drop()
    const { status, body, bodyStart, bodyEnd } = parser
    const outcome: Outcome = status === 200 ? 'ok' : 'status'
    if (outcome === 'status') {
      const where = parser.location === '' ? '' : ` redirected to ${printable(parser.location)}`
      this.#context.sink.onFailureText(`${statusText(status, body, bodyStart, bodyEnd)}${where}`)
    }
    this.#report(outcome, status, body)
  }

  /** @param reason null if the server closed its side in an orderly way */
  #onLost(socket: Wire, reason: string | null): void {
    if (socket !== this.#socket) return
    this.#socket = null
    socket.destroy()
    if (!this.#isConnected) this.#onConnectFailed(reason ?? 'the connection was closed')
    else if (this.#request === null) return
    else if (this.#wasClosedUnannounced()) this.#repeat()
    else if (reason === null && this.#parser.finish() === PARSE.done) this.#finish(socket)
    else {
      this.#mustWait = this.#answers === 0
      this.#fail('aborted', `aborted: ${reason ?? this.#parser.failure}`)
    }
  }

  /**
   * Servers that close after so many answers, or all idle connections, without announcing it have not read the request
   * that crosses their FIN. As browsers and curl do, it is sent once more over a new connection; its time goes on. One that
   * closes now and then instead of answering has another reason: that is told from the number of answers before.
   */
  #wasClosedUnannounced(): boolean {
    if (this.#answers === 0 || this.#isRepeated || this.#parser.wireBytes > 0) return false
    const isUsual = this.#closedAfter === -1 || this.#closedAfter === this.#answers
    this.#closedAfter = this.#answers
    return isUsual
  }

  #repeat(): void {
    this.#isRepeated = true
    this.#isWritten = false
    this.#connect()
  }

  #onConnectFailed(reason: string): void {
    this.#settleOpen()
    if (this.#request !== null) this.#failLater(reason)
  }

  /** A server that is not there must not turn the loop into a spin: the failure is told after a growing delay. */
  #failLater(reason: string): void {
    this.#afterBackoff(() => this.#fail('connect', `connect: ${reason}`))
  }

  #afterBackoff(act: () => void): void {
    this.#backoffTimer = setTimeout(() => {
      this.#backoffTimer = null
      act()
    }, this.#backoffMs)
    this.#backoffMs = Math.min(MAX_BACKOFF_MS, this.#backoffMs * 2)
  }

  #fail(outcome: Outcome, text: string): void {
    this.#context.sink.onFailureText(text)
    this.#report(outcome, 0, null)
  }

  #report(outcome: Outcome, code: number, body: Uint8Array | null): void {
    const { wireBytes, bodyStart, bodyEnd, inferenceHeaderLength } = this.#parser
    const bytesSent = this.#isWritten ? (this.#request?.length ?? 0) : 0
    this.#request = null
    const { sink } = this.#context
    sink.onAnswer(this.#index, outcome, code, bytesSent, wireBytes, body, bodyStart, bodyEnd, inferenceHeaderLength)
  }

  /** Lets go of a connection that the server is about to close. */
  #retire(socket: Wire): void {
    this.#socket = null
    socket.setTimeout(LINGER_MS)
  }

  #drop(): void {
    if (this.#backoffTimer !== null) clearTimeout(this.#backoffTimer)
    this.#backoffTimer = null
    this.#socket?.destroy()
    this.#socket = null
    this.#settleOpen()
  }

  #settleOpen(): void {
    this.#onOpened?.()
    this.#onOpened = null
  }
}

/** Of a header: what is not plain ASCII becomes a dot. */
function printable(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '.')
}

function statusText(status: number, body: Uint8Array, start: number, end: number): string {
  const shown = new TextDecoder().decode(body.subarray(start, Math.min(end, start + 200)))
  return `status:${status}: ${shown.replace(/\s+/g, ' ').trim() || 'no body'}`
}
