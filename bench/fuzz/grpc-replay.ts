// A server's bytes played to a real GrpcChannel without a network; the rules of both sides are checked on the way.

import type { Wire, WireOptions } from '../event-loop/types.ts'
import { plainConnector } from '../load/connector.ts'
import { GrpcChannel } from '../load/grpc-channel.ts'
import { GrpcConnection } from '../load/grpc-connection.ts'
import { grpcRequests } from '../load/grpc-requests.ts'
import { GrpcStream } from '../load/grpc-stream.ts'
import type { Outcome } from '../load/request-columns.ts'
import type { LaneSink } from '../load/transport.ts'
import { DEFAULT_WINDOW_BYTES, FRAME, readUint32 } from '../protocol/http2-frames.ts'
import { ClientOutput } from './client-output.ts'
import { FakeSocket } from './fake-socket.ts'
import type { GuardedReads } from './guarded-reads.ts'

export interface GrpcScript {
  /** All that the server says on the first connection; on any later one it says nothing. */
  readonly bytes: Uint8Array
  /** Where its frames begin; somewhat wrong where the bytes were made wrong afterwards. */
  readonly starts: readonly number[]
  readonly isStreaming: boolean
  readonly lanes: number
  /** Requests to send in all: each lane sends its next one as soon as its last one is reported. */
  readonly requests: number
  /** Number of the body in `REQUEST_BODIES` that is sent. */
  readonly body: number
  /** The server reads nothing of what it is sent. */
  readonly isBehind: boolean
  /** After every so many frames a request is given up, as a timeout does; 0: none is. */
  readonly cancelEvery: number
  /** The client closes after so many frames and reports together, within the last of them; 0: it does not. */
  readonly closeAfter: number
  /** Of an honest server: what its answers have to be reported as, `outcome code bytesReceived body`, in their order. */
  readonly expected: readonly string[] | null
}

export interface GrpcAccount {
  /** One line a report, then what the client wrote. Equal scripts have equal accounts however they are read. */
  readonly text: string
  readonly frames: number
  readonly outcomes: readonly Outcome[]
  /** `outcome code bytesReceived body` a report. */
  readonly reports: readonly string[]
  /** Texts of the failures. */
  readonly failures: readonly string[]
}

/** The last one is larger than the windows that a server begins with. */
export const REQUEST_BODIES = [Buffer.from('question'), Buffer.alloc(3000, 'q'), Buffer.alloc(70_000, 'Q')]
export const MAX_MESSAGE_BYTES = 40_000

const LAST_STREAM_ID = 2 ** 31 - 1
const PLACE = { host: '127.0.0.1', port: 1, addressOf: () => '127.0.0.1', connectTimeoutMs: 60_000 }
const requests = (streaming: boolean) =>
  grpcRequests({
    ...PLACE,
    lanes: 1,
    connections: 1,
    path: '/inference.GRPCInferenceService/ModelInfer',
    headers: {},
    bodies: REQUEST_BODIES,
    tls: null,
    timeoutMs: 60_000,
    streaming,
    sink: { onAnswer() {}, onConnected() {}, onStreamWait() {}, onFailureText() {} },
  })
const UNARY = requests(false)
const STREAMING = requests(true)

/** The replay that runs. Its frames are seen where every connection handles them: a channel shows no other place. */
let running: Replay | null = null
const handleFrame = GrpcConnection.prototype.onFrame
GrpcConnection.prototype.onFrame = function (type, flags, streamId, payload, start, end) {
  if (type === FRAME.windowUpdate && streamId === 0 && end - start === 4) {
    running?.grant(readUint32(payload, start) & 0x7fffffff)
  }
  const goesOn = handleFrame.call(this, type, flags, streamId, payload, start, end)
  return (running?.afterFrame() ?? true) && goesOn
}

class Replay implements LaneSink {
  readonly #script: GrpcScript
  readonly #channel: GrpcChannel
  readonly #output: ClientOutput
  readonly #streams: GrpcStream[]
  readonly #inFlight = new Set<GrpcStream>()
  readonly #outcomes: Outcome[] = []
  readonly #reports: string[] = []
  readonly #failures: string[] = []
  /** The first is the server's; who takes the others never answers. */
  readonly #sockets: FakeSocket[] = []
  #grantedBytes = DEFAULT_WINDOW_BYTES
  #frames = 0
  #events = 0
  #sent = 0
  #hasClosed = false
  #text = ''
  #lines = ''

  constructor(script: GrpcScript) {
    const { isStreaming, lanes, body } = script
    this.#script = script
    this.#output = new ClientOutput(REQUEST_BODIES[body]?.length ?? 0)
    this.#streams = Array.from({ length: lanes }, (_, lane) => new GrpcStream(lane, MAX_MESSAGE_BYTES, isStreaming))
    this.#channel = new GrpcChannel({
      ...PLACE,
      requests: isStreaming ? STREAMING : UNARY,
      sink: this,
      lastStreamId: LAST_STREAM_ID,
      connector: plainConnector({ connect: (options) => this.#connect(options), soon: process.nextTick }),
    })
  }

  run(reads: GuardedReads, cuts: readonly number[]): GrpcAccount {
    for (const stream of this.#streams) this.#send(stream)
    const [socket] = this.#sockets
    if (socket === undefined) throw new Error('the channel does not connect')
    socket.emit('connect')
    // Writes what the connection says first, as the tick after 'connect' does.
    socket.read(reads.buffer, reads.start, reads.start)
    if (this.#script.isBehind) socket.writableLength = 1
    reads.deliver(this.#script.bytes, cuts, (end) => {
      socket.read(reads.buffer, reads.start, end)
      return !socket.closed
    })
    socket.close()
    this.#endAll()
    const text = `${this.#lines}wrote ${this.#output.summary}`
    return {
      text,
      frames: this.#frames,
      outcomes: this.#outcomes,
      reports: this.#reports,
      failures: this.#failures,
    }
  }

  /** Every request that was not reported has to wait for a connection that does not come. */
  #endAll(): void {
    if (!this.#hasClosed) {
      for (const stream of this.#inFlight) {
        if (!stream.isWaiting || !this.#channel.abandon(stream))
          throw new Error(`lane ${stream.lane} is never reported`)
      }
    }
    this.#close()
    for (const socket of this.#sockets) if (!socket.isLeft) throw new Error('a socket stays open')
    if (this.#output.dataBytes > this.#grantedBytes) {
      throw new Error(`${this.#output.dataBytes} bytes of DATA were sent, ${this.#grantedBytes} were allowed`)
    }
  }

  #connect({ onRead }: WireOptions): Wire {
    const isFirst = this.#sockets.length === 0
    const socket = new FakeSocket(onRead, (bytes) => {
      if (isFirst) this.#output.take(bytes)
    })
    this.#sockets.push(socket)
    return socket.asSocket()
  }

  #send(stream: GrpcStream): void {
    if (this.#sent >= this.#script.requests || this.#hasClosed) return
    this.#sent++
    this.#inFlight.add(stream)
    stream.prepare(this.#script.body)
    this.#channel.send(stream)
  }

  #close(): void {
    this.#hasClosed = true
    void this.#channel.close()
  }

  grant(bytes: number): void {
    this.#grantedBytes += bytes
  }

  /** What the client does by itself after a frame; false when it has closed. */
  afterFrame(): boolean {
    const { cancelEvery } = this.#script
    this.#frames++
    const stream = this.#streams[this.#frames % this.#streams.length]
    const isDue = cancelEvery > 0 && this.#frames % cancelEvery === 0 && !this.#hasClosed
    if (isDue && stream !== undefined && this.#channel.abandon(stream)) {
      this.#lines += `${stream.lane} is given up\n`
      this.#inFlight.delete(stream)
      this.#send(stream)
    }
    this.#countEvent()
    return !this.#hasClosed
  }

  #countEvent(): void {
    if (++this.#events === this.#script.closeAfter) this.#close()
  }

  onConnected(): void {}

  onStreamWait(): void {}

  onFailureText(text: string): void {
    this.#text = text
  }

  onAnswer(
    lane: number,
    outcome: Outcome,
    code: number,
    bytesSent: number,
    bytesReceived: number,
    body: Uint8Array | null,
    start: number,
    end: number,
  ): void {
    const stream = this.#streams[lane]
    if (this.#hasClosed) throw new Error('a report after close')
    if (stream === undefined || !this.#inFlight.delete(stream)) throw new Error(`lane ${lane} is reported twice`)
    if ((body === null) === (outcome === 'ok')) throw new Error(`${outcome} with a body, or ok without`)
    if (body !== null && (start < 0 || end < start || end > body.length)) throw new Error('a body beyond its buffer')
    const report = `${outcome} ${code} ${bytesReceived} ${latin1(body, start, end)}`
    this.#lines += `${lane} ${report} ${bytesSent} ${this.#text}\n`
    this.#outcomes.push(outcome)
    this.#reports.push(report)
    if (outcome !== 'ok') this.#failures.push(this.#text)
    this.#text = ''
    this.#countEvent()
    this.#send(stream)
  }
}

function latin1(body: Uint8Array | null, start: number, end: number): string {
  return body === null ? '' : Buffer.from(body.buffer, body.byteOffset + start, end - start).toString('latin1')
}

/**
 * Plays the script to a channel that reads it in pieces.
 * @throws Error when a request is lost or reported twice, when the client writes what it must not, or throws itself
 */
export function replayGrpc(script: GrpcScript, reads: GuardedReads, cuts: readonly number[]): GrpcAccount {
  running = new Replay(script)
  try {
    return running.run(reads, cuts)
  } finally {
    running = null
  }
}
