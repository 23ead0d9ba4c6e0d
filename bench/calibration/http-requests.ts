// The requests of one HTTP/1.1 connection, found in its bytes. A request like the last one, whole in one read, costs nothing.

const HEAD_END = Buffer.from('\r\n\r\n')
/** What a client of 127.0.0.1 may make this server hold. */
const MOST_HEAD_BYTES = 64 * 1024
const NOTHING = Buffer.alloc(0)

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
  /** The head that is not whole yet. */
  #kept: Buffer = Buffer.alloc(0)
  /** Of a body, still to come: nothing of it is looked at or kept, so that a large one costs its reading alone. */
  #missingBytes = 0
  /** The last POST: where its head ended, and its length. */
  #headBytes = 0
  #totalBytes = 0
  readonly #head = Buffer.alloc(4096)

  constructor(handler: RequestHandler) {
    this.#handler = handler
  }

  push(bytes: Buffer): void {
    let at = 0
    if (this.#missingBytes > 0) {
      at = Math.min(this.#missingBytes, bytes.length)
      this.#missingBytes -= at
      if (this.#missingBytes > 0) return
      this.#handler.onPost()
    }
    const rest = at === 0 ? bytes : bytes.subarray(at)
    if (this.#kept.length === 0 && this.#isLikeLast(rest)) this.#handler.onPost()
    else if (rest.length > 0) this.#takeAll(this.#kept.length === 0 ? rest : Buffer.concat([this.#kept, rest]))
  }

  #takeAll(bytes: Buffer): void {
    let from = 0
    for (let taken = -1; taken !== 0 && from < bytes.length; from += taken) taken = this.#takeOne(bytes.subarray(from))
    if (bytes.length - from > MOST_HEAD_BYTES) this.#handler.onNonsense()
    // Node may reuse what it gave us; what is kept is a copy.
    this.#kept = from < bytes.length ? Buffer.from(bytes.subarray(from)) : NOTHING
  }

  #isLikeLast(bytes: Buffer): boolean {
    return bytes.length === this.#totalBytes && bytes.compare(this.#head, 0, this.#headBytes, 0, this.#headBytes) === 0
  }

  /** @returns the bytes that were taken of the request at the beginning; 0 where its head is not whole */
  #takeOne(pending: Buffer): number {
    const headEnd = pending.indexOf(HEAD_END)
    if (headEnd === -1) return 0
    const head = pending.toString('latin1', 0, headEnd)
    const headBytes = headEnd + HEAD_END.length
    const [, method, path = '', minor] = /^(GET|POST|HEAD) (\S+) HTTP\/1\.([01])(?:\r\n|$)/.exec(head) ?? []
    if (method === undefined || /^transfer-encoding:/im.test(head)) {
      this.#handler.onNonsense()
      return 0
    }
    const bodyBytes = Number(/^content-length: *(\d{1,9}) *$/im.exec(head)?.[1] ?? 0)
    const totalBytes = headBytes + bodyBytes
    if (method !== 'POST') {
      this.#handler.onGet(path)
      return totalBytes
    }
    if (headBytes <= this.#head.length) {
      pending.copy(this.#head, 0, 0, headBytes)
      this.#headBytes = headBytes
      this.#totalBytes = totalBytes
    }
    if (minor === '0') this.#handler.onOldClient()
    this.#missingBytes = Math.max(0, totalBytes - pending.length)
    if (this.#missingBytes === 0) this.#handler.onPost()
    return Math.min(totalBytes, pending.length)
  }
}
