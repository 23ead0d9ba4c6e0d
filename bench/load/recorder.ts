// Request records as columns in chunks: no allocation per request, no copying of what was recorded when it grows.
import { OUTCOMES, type Outcome, type RequestColumns } from './types.ts'

const CHUNK_ROWS = 16_384

const CODE_OF = Object.fromEntries(OUTCOMES.map((name, code) => [name, code])) as Readonly<Record<Outcome, number>>

interface Chunk {
  readonly scheduledNs: Float64Array<ArrayBuffer>
  readonly sentNs: Float64Array<ArrayBuffer>
  readonly receivedNs: Float64Array<ArrayBuffer>
  readonly outcome: Uint8Array<ArrayBuffer>
  readonly code: Int32Array<ArrayBuffer>
  readonly bytesSent: Uint32Array<ArrayBuffer>
  readonly bytesReceived: Uint32Array<ArrayBuffer>
}

function newChunk(rows: number): Chunk {
  return {
    scheduledNs: new Float64Array(rows),
    sentNs: new Float64Array(rows),
    receivedNs: new Float64Array(rows),
    outcome: new Uint8Array(rows),
    code: new Int32Array(rows),
    bytesSent: new Uint32Array(rows),
    bytesReceived: new Uint32Array(rows),
  }
}

export class Recorder {
  readonly #chunks: Chunk[] = [newChunk(CHUNK_ROWS)]
  #chunk = this.#chunks[0] as Chunk
  #row = 0

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
    if (this.#row === CHUNK_ROWS) this.#grow()
    const chunk = this.#chunk
    const row = this.#row++
    chunk.scheduledNs[row] = scheduledNs
    chunk.sentNs[row] = sentNs
    chunk.receivedNs[row] = receivedNs
    chunk.outcome[row] = CODE_OF[outcome]
    chunk.code[row] = code
    chunk.bytesSent[row] = bytesSent
    chunk.bytesReceived[row] = bytesReceived
  }

  get length(): number {
    return (this.#chunks.length - 1) * CHUNK_ROWS + this.#row
  }

  /** Everything recorded, as one column each; the buffers may be transferred to another thread. */
  finish(): RequestColumns {
    const length = this.length
    const whole = newChunk(length)
    this.#chunks.forEach((chunk, index) => {
      const start = index * CHUNK_ROWS
      const rows = Math.min(CHUNK_ROWS, length - start)
      for (const name of Object.keys(whole) as (keyof Chunk)[]) whole[name].set(chunk[name].subarray(0, rows), start)
    })
    return { length, ...whole }
  }

  #grow(): void {
    this.#chunk = newChunk(CHUNK_ROWS)
    this.#chunks.push(this.#chunk)
    this.#row = 0
  }
}
