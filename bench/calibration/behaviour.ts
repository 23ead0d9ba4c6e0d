// What a built-in server does with a request: answers at once, or after a latency that it chooses, records and may spoil.
import type { Random } from '../core/random.ts'

export type Latency =
  | { readonly kind: 'fixed'; readonly ms: number }
  /** exp(normal): the median, and the standard deviation of the logarithm. */
  | { readonly kind: 'log-normal'; readonly medianMs: number; readonly sigma: number }
  | { readonly kind: 'exponential'; readonly meanMs: number }

/** Every nth request, counted over all connections: a reset connection, no answer at all, or an answer of status 503. */
export interface Fault {
  readonly kind: 'reset' | 'silent' | 'status'
  readonly every: number
}

export type Behaviour =
  /** The fastest answer that there is; nothing is recorded. */
  | { readonly kind: 'null' }
  | {
      readonly kind: 'known'
      readonly latency: Latency
      /** Requests that come in the last `forMs` of every `everyMs` begin to be served at the end of it. */
      readonly stall: { readonly everyMs: number; readonly forMs: number } | null
      /** HTTP: `connection: close` after each answer. gRPC: GOAWAY. */
      readonly closes: boolean
      readonly fault: Fault | null
      readonly seed: number
    }

export type KnownBehaviour = Extract<Behaviour, { kind: 'known' }>

/** A known latency without stalls or faults. */
export function knownLatency(latency: Latency): KnownBehaviour {
  return { kind: 'known', latency, stall: null, closes: false, fault: null, seed: 1 }
}

export function drawLatencyMs(latency: Latency, random: Random): number {
  switch (latency.kind) {
    case 'fixed':
      return latency.ms
    case 'log-normal':
      return latency.medianMs * Math.exp(latency.sigma * random.normal())
    case 'exponential':
      return latency.meanMs * random.exponential()
  }
}

/** When the server begins with a request that came at `arrivalMs`, ms since the server's start. */
export function beginsMs(arrivalMs: number, stall: KnownBehaviour['stall']): number {
  if (stall === null) return arrivalMs
  const into = arrivalMs % stall.everyMs
  const stallsFrom = stall.everyMs - stall.forMs
  return into < stallsFrom ? arrivalMs : arrivalMs - into + stall.everyMs
}
