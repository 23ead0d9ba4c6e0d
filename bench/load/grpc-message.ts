// The one message of a unary answer, put together from DATA payloads however these cut it.

const PREFIX_BYTES = 5
const SMALLEST_CAPACITY_BYTES = 1024

export class GrpcMessage {
  /** The message is `body[0, receivedBytes)`. Reused by the next answer of the lane. */
  body = Buffer.allocUnsafeSlow(SMALLEST_CAPACITY_BYTES)
  receivedBytes = 0
  readonly #maxBytes: number
  #prefixBytes = 0
  #lengthBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  reset(): void {
    this.receivedBytes = 0
    this.#prefixBytes = 0
    this.#lengthBytes = 0
  }

  get isComplete(): boolean {
    return this.#prefixBytes === PREFIX_BYTES && this.receivedBytes === this.#lengthBytes
  }

  /** Why there is no whole message, for a person. */
  get incompleteness(): string {
    if (this.#prefixBytes < PREFIX_BYTES) return 'the answer has no message'
    return `the message ends after ${this.receivedBytes} of ${this.#lengthBytes} bytes`
  }

  /** Takes `bytes[start, end)` as the rest of a single message; returns what is wrong with it, or `null`. */
  push(bytes: Uint8Array, start: number, end: number): string | null {
    const next = this.take(bytes, start, end)
    return next === end ? null : this.problem
  }

  /** Why `take` failed. */
  problem = ''

  /**
   * Takes as much of `bytes[start, end)` as belongs to the message.
   * @returns where the next one begins; −1 where it is none, see `problem`
   */
  take(bytes: Uint8Array, start: number, end: number): number {
    this.problem = 'the answer has more than one message'
    if (this.isComplete && start < end) return -1
    let position = start
    while (this.#prefixBytes < PREFIX_BYTES && position < end) {
      const byte = bytes[position++] ?? 0
      if (this.#prefixBytes === 0 && byte !== 0) {
        this.problem = 'the message is compressed, which was not asked for'
        return -1
      }
      this.#lengthBytes = this.#lengthBytes * 256 + byte
      this.#prefixBytes++
    }
    if (this.#lengthBytes > this.#maxBytes && this.#prefixBytes === PREFIX_BYTES) {
      this.problem = `the message has ${this.#lengthBytes} bytes, over the limit of ${this.#maxBytes}`
      return -1
    }
    const length = Math.min(end - position, this.#lengthBytes - this.receivedBytes)
    if (length === 0 || this.#prefixBytes < PREFIX_BYTES) return position
    this.#grow(this.receivedBytes + length)
    const last = position + length
    this.body.set(position === 0 && last === bytes.length ? bytes : bytes.subarray(position, last), this.receivedBytes)
    this.receivedBytes += length
    return last
  }

  /** Grows with what has arrived, not with what was announced. */
  #grow(neededBytes: number): void {
    if (neededBytes <= this.body.length) return
    const capacity = Math.max(neededBytes, Math.min(this.#lengthBytes, 2 * this.body.length))
    const larger = Buffer.allocUnsafeSlow(capacity)
    larger.set(this.body.subarray(0, this.receivedBytes))
    this.body = larger
  }
}
