// Sends prebuilt requests once each, one after the other, and gives back the values of each answer.
import { nowNs } from '../core/clock.ts'
import type { Codec } from '../protocol/types.ts'
import type { LaneSink, Transport } from './transport.ts'
import { type ProbeAnswer, REQUEST_VARIANTS } from './types.ts'

/** After this many failures in a row the rest would only repeat them, at the price of a timeout each. */
const MOST_FAILURES = 3

const PROBED_LANE = 0

/** @returns one answer per request; fewer when the target fails again and again */
export async function probeAll(
  transport: Transport,
  codec: Codec,
  sink: { current: LaneSink | null },
  { count = REQUEST_VARIANTS, timeoutMs }: { readonly count?: number | undefined; readonly timeoutMs: number },
): Promise<readonly ProbeAnswer[]> {
  const answers: ProbeAnswer[] = []
  let failures = 0
  for (let variant = 0; variant < count && failures < MOST_FAILURES; variant++) {
    const answer = await probeOne(transport, codec, sink, { variant, timeoutMs })
    failures = answer.ok ? 0 : failures + 1
    answers.push(answer)
  }
  return answers
}

function probeOne(
  transport: Transport,
  codec: Codec,
  sink: { current: LaneSink | null },
  { variant, timeoutMs }: { readonly variant: number; readonly timeoutMs: number },
): Promise<ProbeAnswer> {
  return new Promise((resolve) => {
    const sentNs = nowNs()
    const timer = setTimeout(() => transport.abandon(PROBED_LANE, 'timeout'), timeoutMs)
    let text = ''
    sink.current = {
      onConnected() {},
      onStreamWait() {},
      onFailureText(failure) {
        text ||= failure
      },
      onAnswer(_lane, outcome, code, _sent, _received, body, start, end, headerLength) {
        clearTimeout(timer)
        const ms = (nowNs() - sentNs) / 1e6
        if (outcome === 'ok' && body !== null) {
          return resolve({ ...codec.decode(body, start, end, headerLength), ms })
        }
        const what =
          outcome === 'timeout' ? `no answer within ${Math.round(ms)} ms` : `${outcome}${code === 0 ? '' : ` ${code}`}`
        // A transport's text says what happened, with the status in front.
        resolve({ ok: false, reason: text === '' ? what : text, ms })
      },
    }
    transport.send(PROBED_LANE, variant)
  })
}
