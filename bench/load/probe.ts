// Sends prebuilt requests once each, within a time, and gives back the values of each answer.
import { nowNs, sleep } from '../core/clock.ts'
import type { Codec } from '../protocol/types.ts'
import type { LaneSink, Transport } from './transport.ts'
import type { ProbeAnswer, ProbeRequest } from './types.ts'

/** After this many failures in a row the rest would only repeat them, at the price of a timeout each. */
const MOST_FAILURES = 3

/** Faster answers need no company, and one request in flight tells more of the server. */
const SLOW_MS = 20

interface ProbeSetting {
  readonly transport: Transport
  readonly codec: Codec
  readonly sink: { current: LaneSink | null }
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** How many prebuilt ones there are. */
  readonly requests: number
  readonly isStreaming: boolean
}

/** One answer for each request asked for, in their order; null for those that were not sent. */
export async function probeAll(setting: ProbeSetting, request: ProbeRequest): Promise<readonly (ProbeAnswer | null)[]> {
  const { transport, signal, requests } = setting
  const all = Array.from({ length: requests }, (_, variant) => variant)
  const variants = request.variants?.filter((variant) => variant < requests) ?? all
  const inFlight = Math.max(1, Math.min(request.inFlight ?? 1, transport.lanes))
  const endNs = nowNs() + (request.budgetMs ?? Number.POSITIVE_INFINITY) * 1e6
  const answers = new Array<ProbeAnswer | null>(variants.length).fill(null)
  const lanes = new ProbedLanes(setting)
  let next = 0
  let failures = 0
  const runLane = async (lane: number, most: number) => {
    for (let sent = 0; sent < most && next < variants.length && failures < MOST_FAILURES; sent++) {
      if (signal.aborted || (next > 0 && nowNs() > endNs)) return
      const at = next++
      const answer = await lanes.ask(lane, variants[at] as number)
      failures = answer.ok ? 0 : failures + 1
      answers[at] = answer
    }
  }
  // The first one pays for what a server sets up on demand, and is timed apart.
  await runLane(0, 1)
  await runLane(0, 1)
  const isSlow = (answers[1]?.ms ?? 0) > SLOW_MS
  await Promise.all(Array.from({ length: isSlow ? inFlight : 1 }, (_, lane) => runLane(lane, variants.length)))
  if (!setting.isStreaming || request.variants !== undefined) return answers
  await sleep(graceOf(answers), signal)
  return lanes.unasked === 0 ? answers : answers.map(asTooMany)
}

/** Answers beyond the one that a request gets come as late as answers take, and a little later. */
function graceOf(answers: readonly (ProbeAnswer | null)[]): number {
  const slowestMs = answers.reduce((most, answer) => Math.max(most, answer?.ms ?? 0), 0)
  return Math.min(MOST_GRACE_MS, Math.max(LEAST_GRACE_MS, 3 * slowestMs))
}

const LEAST_GRACE_MS = 200
const MOST_GRACE_MS = 3000

/** Which answer was to which request cannot be known then: none of them is good. */
function asTooMany(answer: ProbeAnswer | null): ProbeAnswer | null {
  if (!answer?.ok) return answer
  const reason =
    'the server sends more than one answer a request, and neither marks the last one (triton_final_response) nor ' +
    'repeats the request’s id'
  return { ok: false, outcome: 'form', reason, ms: answer.ms }
}

interface Asked {
  readonly sentNs: number
  readonly timer: NodeJS.Timeout
  readonly resolve: (answer: ProbeAnswer) => void
}

/** A sink for probes alone: each lane's answer goes to whoever asked over it. */
class ProbedLanes implements LaneSink {
  /** Messages on lanes on which no request waited for one. */
  unasked = 0
  readonly #setting: ProbeSetting
  readonly #asked = new Map<number, Asked>()
  /** A transport tells what happened just before it reports the lane. */
  #text = ''

  constructor(setting: ProbeSetting) {
    this.#setting = setting
    setting.sink.current = this
  }

  ask(lane: number, variant: number): Promise<ProbeAnswer> {
    const { transport, timeoutMs } = this.#setting
    return new Promise((resolve) => {
      const timer = setTimeout(() => transport.abandon(lane, 'timeout'), timeoutMs)
      this.#asked.set(lane, { sentNs: nowNs(), timer, resolve })
      transport.send(lane, variant)
    })
  }

  onAnswer(...[lane, outcome, code, , , body, start, end, headerLength]: Parameters<LaneSink['onAnswer']>): void {
    const asked = this.#asked.get(lane)
    const text = this.#text
    this.#text = ''
    if (asked === undefined) return
    this.#asked.delete(lane)
    clearTimeout(asked.timer)
    const ms = (nowNs() - asked.sentNs) / 1e6
    if (outcome === 'ok' && body !== null) {
      const decoded = this.#setting.codec.decode(body, start, end, headerLength)
      asked.resolve(decoded.ok ? { ...decoded, ms } : { ...decoded, outcome: 'form', ms })
      return
    }
    const what =
      outcome === 'timeout' ? `no answer within ${Math.round(ms)} ms` : `${outcome}${code === 0 ? '' : ` ${code}`}`
    asked.resolve({ ok: false, outcome, reason: text === '' ? what : text, ms })
  }

  onConnected(): void {}
  onStreamWait(): void {}

  onUnasked(): void {
    this.unasked++
  }

  onFailureText(failure: string): void {
    this.#text = failure
  }
}
