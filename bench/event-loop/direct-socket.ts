// A TCP connection of a DirectLoop: it behaves like Node's as far as the engines can see, and does no more.
import { EventEmitter } from 'node:events'
import { isIPv6 } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { INTEREST, type Watch, type Watcher } from './backend.ts'
import type { DirectLoop } from './direct-loop.ts'
import { ERRNO, FAMILY, LEVEL, type Libc, MESSAGE, OPTION, SHUT_WRITE, SOCKET } from './libc.ts'
import { socketAddress } from './socket-address.ts'
import { setAbrupt, setTimelyOptions } from './socket-options.ts'
import type { ServerWire, WireOptions } from './types.ts'

/** An address that does not answer within this is left for the next one of its name, as in Node. */
const ATTEMPT_MS = 250

export class DirectSocket extends EventEmitter implements ServerWire, Watcher {
  readonly #libc: Libc
  readonly #loop: DirectLoop
  readonly #options: WireOptions
  #fd = -1
  /** Of the descriptor, if there is one. */
  #watch: Watch | null = null
  #state: 'connecting' | 'open' | 'leaving' | 'destroyed' = 'connecting'
  /** Addresses that were not tried yet. */
  #untried: string[] = []
  #unsent: Uint8Array[] = []
  #timer: NodeJS.Timeout | null = null
  #attemptTimer: NodeJS.Timeout | null = null
  #closed = false
  remoteAddress: string | undefined
  writableLength = 0

  /** It does nothing until `start` or `adopt`. */
  constructor(libc: Libc, loop: DirectLoop, options: WireOptions) {
    super()
    this.#libc = libc
    this.#loop = loop
    this.#options = options
  }

  get destroyed(): boolean {
    return this.#state === 'destroyed'
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Tries the addresses one after the other. */
  start(addresses: readonly string[]): void {
    if (this.#state !== 'connecting') return
    this.#untried = [...addresses]
    this.#tryNext(null)
  }

  /** A connection that was accepted. */
  adopt(fd: number): void {
    this.#fd = fd
    this.#state = 'open'
    setTimelyOptions(this.#libc, this.#fd)
    this.#watch = this.#loop.watch(fd, this, INTEREST.reading)
  }

  write(bytes: Uint8Array): void {
    if (this.#state === 'leaving' || this.#state === 'destroyed') return
    if (this.#state === 'connecting' || this.writableLength > 0) this.#keep(bytes)
    else this.#send(bytes)
  }

  destroy(): void {
    if (this.#state === 'destroyed') return
    this.#state = 'destroyed'
    this.setTimeout(0)
    this.#letGo()
    this.#unsent = []
    this.writableLength = 0
    this.#loop.soon(() => {
      this.#closed = true
      this.emit('close')
    })
  }

  resetAndDestroy(): void {
    if (this.#fd !== -1) setAbrupt(this.#libc, this.#fd)
    this.destroy()
  }

  destroySoon(): void {
    if (this.#state === 'open') {
      this.#state = 'leaving'
      this.#leaveIfDone()
    } else this.destroy()
  }

  setTimeout(timeoutMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = timeoutMs === 0 ? null : setTimeout(() => this.emit('timeout'), timeoutMs)
  }

  /** Ends it, after the caller is done. */
  failWith(error: NodeJS.ErrnoException): void {
    if (this.#state === 'destroyed') return
    // Told first, since 'close' follows it.
    this.#loop.soon(() => this.emit('error', error))
    this.destroy()
  }

  onReady(): void {
    if (this.#state === 'connecting') this.#onConnectEnd()
    else this.#sendUnsent()
  }

  onRead(bytes: Buffer, start: number, end: number): void {
    this.#options.onRead(bytes, start, end)
  }

  onReadEnd(errno: number): void {
    if (errno !== 0) {
      this.#fail('read', errno)
      return
    }
    this.emit('end')
    this.destroy()
  }

  #fail(call: 'connect' | 'read' | 'write', errno: number): void {
    const code = getSystemErrorName(-errno)
    const where = call === 'connect' ? ` ${this.remoteAddress}:${this.#options.port}` : ''
    this.failWith(Object.assign(new Error(`${call} ${code}${where}`), { code, errno: -errno, syscall: call }))
  }

  #send(bytes: Uint8Array): void {
    const sent = this.#libc.send(this.#fd, bytes, bytes.length, MESSAGE.dontWait | MESSAGE.noSignal)
    if (sent === bytes.length) return
    const errno = sent === -1 ? this.#libc.errno() : ERRNO.again
    if (!isTransient(errno)) {
      this.#fail('write', errno)
      return
    }
    this.#keep(bytes.subarray(Math.max(0, sent)))
    this.#watch?.setInterest(INTEREST.reading | INTEREST.writing)
  }

  #keep(bytes: Uint8Array): void {
    this.#unsent.push(bytes)
    this.writableLength += bytes.length
  }

  #sendUnsent(): void {
    const unsent = this.#unsent
    this.#unsent = []
    this.writableLength = 0
    for (const bytes of unsent) {
      if (this.writableLength > 0) this.#keep(bytes)
      else this.#send(bytes)
    }
    if (this.writableLength > 0 || this.#fd === -1) return
    this.#watch?.setInterest(INTEREST.reading)
    this.#leaveIfDone()
  }

  #leaveIfDone(): void {
    if (this.#state !== 'leaving' || this.writableLength > 0) return
    this.#libc.shutdown(this.#fd, SHUT_WRITE)
    this.destroy()
  }

  #onConnectEnd(): void {
    const error = new Int32Array(1)
    this.#libc.getsockopt(this.#fd, LEVEL.socket, OPTION.error, error, Int32Array.of(error.byteLength))
    if (error[0] !== 0) {
      this.#tryNext(error[0] ?? null)
      return
    }
    this.#clearAttempt()
    this.#state = 'open'
    setTimelyOptions(this.#libc, this.#fd)
    this.emit('connect')
    // What was written before, and from here on only what comes.
    this.#sendUnsent()
  }

  /** @param errno why the last address was of no use; null if it did not answer */
  #tryNext(errno: number | null): void {
    let reason = errno ?? ERRNO.hostUnreachable
    for (let address = this.#untried.shift(); address !== undefined; address = this.#untried.shift()) {
      this.#letGo()
      this.remoteAddress = address
      reason = this.#attempt(address)
      if (reason === ERRNO.inProgress) return
    }
    this.#fail('connect', reason)
  }

  /** @returns ERRNO.inProgress, or why it is of no use */
  #attempt(address: string): number {
    const family = isIPv6(address) ? FAMILY.ipv6 : FAMILY.ipv4
    this.#fd = this.#libc.socket(family, SOCKET.stream | SOCKET.nonBlocking | SOCKET.closeOnExec, 0)
    if (this.#fd === -1) return this.#libc.errno()
    this.#watch = this.#loop.watch(this.#fd, this, INTEREST.writing)
    if (this.#untried.length > 0) this.#attemptTimer = setTimeout(() => this.#tryNext(null), ATTEMPT_MS)
    const encoded = socketAddress(this.#libc, address, this.#options.port)
    // One that is connected at once is ready to be written to at once, too.
    return this.#libc.connect(this.#fd, encoded, encoded.length) === 0 ? ERRNO.inProgress : this.#libc.errno()
  }

  #letGo(): void {
    this.#clearAttempt()
    if (this.#fd === -1) return
    this.#watch?.end()
    this.#libc.close(this.#fd)
    this.#fd = -1
  }

  #clearAttempt(): void {
    if (this.#attemptTimer !== null) clearTimeout(this.#attemptTimer)
    this.#attemptTimer = null
  }
}

function isTransient(errno: number): boolean {
  return errno === ERRNO.again || errno === ERRNO.interrupted
}
