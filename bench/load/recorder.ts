// Request records as columns, handed on chunk by chunk: no allocation per request, and a bounded share of memory.
import { emptyColumns, OUTCOMES, type Outcome, type RequestColumns, rowsOf } from './request-columns.ts'

/** Few enough that a new chunk is no hiccup (150 kB), enough that handing one on costs nothing per request. */
const CHUNK_ROWS = 4096

const CODE_OF = Object.fromEntries(OUTCOMES.map((name, code) => [name, code])) as Readonly<Record<Outcome, number>>

export class Recorder {
  readonly #onRecords: (records: RequestColumns) => void
  #chunk = emptyColumns(CHUNK_ROWS)
  #row = 0
  #handedOn = 0
  bytesSent = 0
  bytesReceived = 0

  /** @param onRecords gets each chunk once it is full, and owns it from then on */
  constructor(onRecords: (records: RequestColumns) => void) {
    this.#onRecords = onRecords
  }

  /** Times in ns since the phase's start. */
  add(
    scheduledNs: number,
    sentNs: number,
    receivedNs: number,
    outcome: Outcome,
    code: number,
    bytesSent: number,
    bytesReceived: number,
  ): void {
    if (this.#row === CHUNK_ROWS) this.flush()
    const chunk = this.#chunk
    const row = this.#row++
    chunk.scheduledNs[row] = scheduledNs
    chunk.sentNs[row] = sentNs
    chunk.receivedNs[row] = receivedNs
    chunk.code[row] = code
    chunk.bytesSent[row] = bytesSent
    chunk.bytesReceived[row] = bytesReceived
    chunk.outcome[row] = CODE_OF[outcome]
    this.bytesSent += bytesSent
    this.bytesReceived += bytesReceived
  }

  get length(): number {
    return this.#handedOn + this.#row
  }

  /** Hands on what was not yet. */
  flush(): void {
    if (this.#row === 0) return
    this.#handedOn += this.#row
    this.#onRecords(rowsOf(this.#chunk, 0, this.#row))
    this.#chunk = emptyColumns(CHUNK_ROWS)
    this.#row = 0
  }
}
