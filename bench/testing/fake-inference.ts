// The fake server's model and its faults, apart from any protocol: what each inference is answered with, and when.

export interface FakeServerOptions {
  /** From the whole request's arrival to the answer. 0 by default: at once. */
  readonly latencyMs?: number
  /** Closes the connection after every answer, as Flask's own server does. */
  readonly closeAfterEach?: boolean
  /** HTTP status of answers (gRPC: its nearest code) instead of outputs. */
  readonly status?: number
  /** `status` only for every nth request. 1 by default: for all. */
  readonly statusEvery?: number
  /** Answers OK with bytes that are no answer. */
  readonly garbage?: boolean
  /** Answers OK with nothing in it. */
  readonly empty?: boolean
  /** Reads requests and never answers. */
  readonly silent?: boolean
  /** Added to every output. */
  readonly offset?: number
  /** gRPC: SETTINGS_MAX_CONCURRENT_STREAMS. */
  readonly mostStreams?: number
  /** Answers inputs that it has seen at once. */
  readonly caches?: boolean
  /** Takes four times as long for so long after the newest connection was made. */
  readonly coldMs?: number
  /** Answers this many requests, then destroys every socket and stops listening. */
  readonly dieAfter?: number
}

export type FakeReply =
  | { readonly kind: 'outputs'; readonly outputs: readonly number[] }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'garbage' }
  | { readonly kind: 'empty' }

export const GARBAGE = Buffer.from('\xff<html>not an answer</html>', 'latin1')

export const INPUTS_PER_ROW = 4
const WEIGHTS = [0.5, -0.25, 0.125, 1]

/** The model: the logistic function of a weighted sum of four inputs, as a float32. */
export function fakeOutput(row: readonly number[] | Float64Array): number {
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * (row[index] ?? 0), 0)
  return Math.fround(1 / (1 + Math.exp(-sum)))
}

/** Outputs of a whole batch, row by row. */
export function fakeOutputs(values: readonly number[] | Float64Array): number[] {
  return Array.from({ length: values.length / INPUTS_PER_ROW }, (_, row) =>
    fakeOutput(values.slice(row * INPUTS_PER_ROW, (row + 1) * INPUTS_PER_ROW)),
  )
}

/** Counts and answers inferences, whichever protocol they come by. */
export class FakeInference {
  readonly options: FakeServerOptions
  readonly #die: () => void
  readonly #seen = new Set<string>()
  requests = 0
  successes = 0
  failures = 0
  inferences = 0
  connectedAtMs = Number.NEGATIVE_INFINITY

  constructor(options: FakeServerOptions, die: () => void) {
    this.options = options
    this.#die = die
  }

  /** Calls `reply` once, after the latency; never when it is silent or dead. */
  infer(values: readonly number[], reply: (answer: FakeReply) => void): void {
    this.requests++
    const { silent, dieAfter = Number.POSITIVE_INFINITY, latencyMs = 0 } = this.options
    if (this.requests > dieAfter) this.#die()
    if (this.requests > dieAfter || silent) return
    const answer = this.#answer(values)
    const key = values.join()
    const isCached = this.options.caches === true && this.#seen.has(key)
    this.#seen.add(key)
    const isCold = performance.now() - this.connectedAtMs < (this.options.coldMs ?? 0)
    after(isCached ? 0 : latencyMs * (isCold ? 4 : 1), () => {
      // Counted before the answer is out, so that whoever has the answer finds it counted.
      if (answer.kind === 'status') this.failures++
      else {
        this.successes++
        this.inferences += values.length / INPUTS_PER_ROW
      }
      reply(answer)
    })
  }

  #answer(values: readonly number[]): FakeReply {
    const { status, statusEvery = 1, garbage, empty, offset = 0 } = this.options
    if (status !== undefined && this.requests % statusEvery === 0) return { kind: 'status', status }
    if (garbage) return { kind: 'garbage' }
    if (empty) return { kind: 'empty' }
    return { kind: 'outputs', outputs: fakeOutputs(values).map((output) => Math.fround(output + offset)) }
  }
}

/** Timers have a resolution of 1 ms: the last stretch is polled, so that the latency is the truth that tests compare with. */
const POLLED_MS = 1.5

function after(delayMs: number, act: () => void): void {
  const dueMs = performance.now() + delayMs
  const poll = () => {
    if (performance.now() >= dueMs) act()
    else setImmediate(poll)
  }
  if (delayMs <= POLLED_MS) poll()
  else setTimeout(poll, delayMs - POLLED_MS)
}
