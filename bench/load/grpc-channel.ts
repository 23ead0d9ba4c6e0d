// One of a transport's connections over its whole life: it is opened when needed, replaced when it ends, and queues meanwhile.
import { GrpcConnection } from './grpc-connection.ts'
import type { ConnectionOptions, ConnectionOwner } from './grpc-connection-owner.ts'
import type { GrpcStream } from './grpc-stream.ts'
import type { Outcome } from './request-columns.ts'

const LONGEST_BACKOFF_MS = 100

export class GrpcChannel implements ConnectionOwner {
  readonly #options: ConnectionOptions
  /** All that are not gone: the current one and those that finish their last requests. */
  readonly #connections = new Set<GrpcConnection>()
  #current: GrpcConnection | null = null
  /** Lanes whose request has no stream yet, the oldest first. */
  #waiting: GrpcStream[] = []
  #opened: (() => void)[] = []
  #backoffMs = 0
  #backoffTimer: NodeJS.Timeout | null = null
  #isClosed = false

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  /** Resolves when the connection is ready, or has failed once. */
  open(): Promise<void> {
    if (this.#isClosed || this.#current?.canStart) return Promise.resolve()
    return new Promise((resolve) => {
      this.#opened.push(resolve)
      this.#ensureConnection()
    })
  }

  send(stream: GrpcStream): void {
    if (this.#isClosed) return
    if (stream.connection !== null) {
      if (stream.connection.canContinue) {
        stream.connection.continue(stream)
        return
      }
      stream.connection.cancel(stream)
    }
    if (this.#waiting.length === 0 && this.#current?.canStart) {
      this.#current.start(stream)
      return
    }
    if (this.#current?.isAtStreamLimit) this.#options.sink.onStreamWait()
    stream.isWaiting = true
    this.#waiting.push(stream)
    this.#ensureConnection()
  }

  /** Takes a lane's request back; false when it has none. */
  abandon(stream: GrpcStream): boolean {
    if (!stream.isBusy) return false
    stream.isBusy = false
    if (stream.isWaiting) {
      stream.isWaiting = false
      this.#waiting.splice(this.#waiting.indexOf(stream), 1)
      return true
    }
    if (stream.connection === null) return false
    stream.connection.cancel(stream)
    return true
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#waiting = []
    if (this.#backoffTimer !== null) clearTimeout(this.#backoffTimer)
    this.#settleOpen()
    await Promise.all([...this.#connections].map((connection) => connection.close()))
  }

  onReady(): void {
    this.#settleOpen()
  }

  onCapacity(connection: GrpcConnection): void {
    if (connection !== this.#current) return
    if (this.#waiting.length > 0 && !connection.canStart) connection.releaseIdle()
    while (connection.canStart) {
      const stream = this.#waiting.shift()
      if (stream === undefined) return
      stream.isWaiting = false
      connection.start(stream)
    }
  }

  onDraining(connection: GrpcConnection): void {
    if (connection === this.#current) this.#letGo(connection)
    if (this.#waiting.length > 0) this.#ensureConnection()
  }

  onClosed(connection: GrpcConnection, outcome: Outcome, text: string): void {
    void connection.whenGone().then(() => this.#connections.delete(connection))
    if (this.#isClosed || connection !== this.#current) return
    this.#letGo(connection)
    this.#settleOpen()
    if (!connection.wasReady) this.#failWaiting(outcome, text)
    if (this.#waiting.length > 0) this.#ensureConnection()
  }

  /** A connection that brought no answer, however it ended, makes the next one wait. */
  #letGo(connection: GrpcConnection): void {
    this.#current = null
    this.#backoffMs = connection.hasAnswered ? 0 : Math.min(LONGEST_BACKOFF_MS, Math.max(1, 2 * this.#backoffMs))
  }

  #failWaiting(outcome: Outcome, text: string): void {
    const failed = this.#waiting
    this.#waiting = []
    for (const stream of failed) {
      stream.isWaiting = false
      stream.isBusy = false
    }
    for (const { lane } of failed) {
      if (this.#isClosed) return
      this.#options.sink.onFailureText(text)
      this.#options.sink.onAnswer(lane, outcome, 0, 0, 0, null, 0, 0, -1)
    }
  }

  #ensureConnection(): void {
    if (this.#current !== null || this.#backoffTimer !== null || this.#isClosed) return
    if (this.#backoffMs === 0) {
      this.#connect()
      return
    }
    this.#backoffTimer = setTimeout(() => {
      this.#backoffTimer = null
      this.#connect()
    }, this.#backoffMs)
  }

  #connect(): void {
    this.#current = new GrpcConnection(this.#options, this)
    this.#connections.add(this.#current)
  }

  #settleOpen(): void {
    const opened = this.#opened
    this.#opened = []
    for (const resolve of opened) resolve()
  }
}
