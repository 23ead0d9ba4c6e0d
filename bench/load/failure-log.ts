// Failed requests of a phase: counted by kind, with the first few texts for a person.
import type { Outcome } from './request-columns.ts'

const MOST_EXAMPLES = 5
const MOST_CHARS = 300
const MOST_BODY_CHARS = 80

export class FailureLog {
  total = 0
  readonly #counts = new Map<string, number>()
  readonly #examples: string[] = []
  readonly #statusPrefix: 'status' | 'grpc'

  constructor(statusPrefix: 'status' | 'grpc') {
    this.#statusPrefix = statusPrefix
  }

  count(outcome: Outcome, code: number): void {
    this.total++
    const kind = outcome === 'status' ? `${this.#statusPrefix}:${code}` : outcome
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
  }

  /** Keeps the first few different texts. */
  example(text: string): void {
    const short = text.slice(0, MOST_CHARS)
    if (this.#examples.length < MOST_EXAMPLES && !this.#examples.includes(short)) this.#examples.push(short)
  }

  /** An answer of status OK whose body is not of the right form. */
  describeBody(body: Uint8Array | null, start: number, end: number): void {
    if (this.#examples.length >= MOST_EXAMPLES) return
    const bytes = body === null ? 0 : end - start
    const shown = body === null ? '' : printable(body.subarray(start, Math.min(end, start + MOST_BODY_CHARS)))
    this.example(
      bytes === 0 ? 'answered OK with an empty body' : `answered OK with ${bytes} bytes of another form: ${shown}`,
    )
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  get examples(): readonly string[] {
    return this.#examples
  }
}

/** Bytes of a stranger: what is not plain ASCII becomes a dot. */
function printable(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
}
