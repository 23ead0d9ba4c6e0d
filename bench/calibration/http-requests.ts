// The requests of one HTTP/1.1 connection, found in its bytes. A request like the last one, whole in one read, costs nothing.

const HEAD_END = Buffer.from('\r\n\r\n')
/** Of heads and bodies together: what a client of 127.0.0.1 may make this server hold. */
const MOST_PENDING_BYTES = 64 * 1024 * 1024

export interface RequestHandler {
  /** A POST, whole. */
  onPost(): void
  /** Before a POST of HTTP/1.0, whose client (ab) has to be told that the connection stays. */
  onOldClient(): void
  onGet(path: string): void
  /** Not HTTP/1.1, or more than this server holds. */
  onNonsense(): void
}

export class HttpRequests {
  readonly #handler: RequestHandler
  #pending: Buffer = Buffer.alloc(0)
  /** The last POST: where its head ended, and its length. */
  #headBytes = 0
  #totalBytes = 0
  readonly #head = Buffer.alloc(4096)

  constructor(handler: RequestHandler) {
    this.#handler = handler
  }

  push(bytes: Buffer): void {
    if (this.#pending.length === 0 && this.#isLikeLast(bytes)) {
      this.#handler.onPost()
      return
    }
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    if (this.#pending.length > MOST_PENDING_BYTES) {
      this.#handler.onNonsense()
      return
    }
    while (this.#pending.length > 0 && this.#takeOne());
    // Node may reuse what it gave us; what is kept is a copy.
    if (this.#pending.length > 0) this.#pending = Buffer.from(this.#pending)
  }

  #isLikeLast(bytes: Buffer): boolean {
    return bytes.length === this.#totalBytes && bytes.compare(this.#head, 0, this.#headBytes, 0, this.#headBytes) === 0
  }

  #takeOne(): boolean {
    const pending = this.#pending
    const headEnd = pending.indexOf(HEAD_END)
    if (headEnd === -1) return false
    const head = pending.toString('latin1', 0, headEnd)
    const headBytes = headEnd + HEAD_END.length
    const [, method, path = '', minor] = /^(GET|POST|HEAD) (\S+) HTTP\/1\.([01])(?:\r\n|$)/.exec(head) ?? []
    if (method === undefined || /^transfer-encoding:/im.test(head)) {
      this.#handler.onNonsense()
      return false
    }
    const bodyBytes = Number(/^content-length: *(\d{1,9}) *$/im.exec(head)?.[1] ?? 0)
    const totalBytes = headBytes + bodyBytes
    if (pending.length < totalBytes) return false
    this.#pending = pending.subarray(totalBytes)
    if (method !== 'POST') {
      this.#handler.onGet(path)
      return true
    }
    if (headBytes <= this.#head.length) {
      pending.copy(this.#head, 0, 0, headBytes)
      this.#headBytes = headBytes
      this.#totalBytes = totalBytes
    }
    if (minor === '0') this.#handler.onOldClient()
    this.#handler.onPost()
    return true
  }
}
