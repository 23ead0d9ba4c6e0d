// What the generator's accuracy is tried on: loads against servers whose latency is known, and how near it has to come.
import type { LoadModel } from '../plan/types.ts'
import { type Behaviour, knownLatency } from './behaviour.ts'

export interface Experiment {
  readonly name: string
  readonly protocol: 'http' | 'grpc'
  readonly load: LoadModel
  readonly behaviour: Behaviour
  /** Percentiles that are held against the server's own record, and the larger of two distances that they may have. */
  readonly percentiles: readonly number[]
  readonly within: { readonly relative: number; readonly ms: number }
  /** Are requests sent when they are due? Limits of an open loop; `null` where it is not looked at. */
  readonly pacing: Pacing | null
}

export interface Pacing {
  /** Largest send lag at p50 and p99, microseconds; null if they are only reported. */
  readonly lagP50Us: number | null
  readonly lagP99Us: number | null
  /** Constant arrivals: largest distance of the gaps at the server from the even gap, at p90 and p99, microseconds. */
  readonly gapsWithinUs: { readonly p90: number; readonly p99: number } | null
  /** Poisson arrivals: the gaps at the server must not be rejected as exponential at this level. */
  readonly gapsLevel: number | null
  /** Share of the rate by which it may be missed. */
  readonly rateWithin: number
}

const closed = (concurrency: number, connections = concurrency): LoadModel => ({
  model: 'closed',
  concurrency,
  connections,
})

const open = (requestRate: number, distribution: 'constant' | 'poisson', maxInFlight: number): LoadModel => ({
  model: 'open',
  requestRate,
  profile: null,
  distribution,
  maxInFlight,
  connections: maxInFlight,
})

const FIXED_MS = 5
/** The server's record ends where its answer is handed to the socket: what follows is the network's and the client's. */
const ONE_PERCENT = { relative: 0.01, ms: 0.06 } as const
const RATE_WITHIN = 0.001

const EVEN: Pacing = {
  lagP50Us: 5,
  lagP99Us: 100,
  gapsWithinUs: { p90: 40, p99: 150 },
  gapsLevel: null,
  rateWithin: RATE_WITHIN,
}

export const EXPERIMENTS: readonly Experiment[] = [
  {
    name: `closed loop, HTTP, 16 in flight, fixed ${FIXED_MS} ms`,
    protocol: 'http',
    load: closed(16),
    behaviour: knownLatency({ kind: 'fixed', ms: FIXED_MS }),
    percentiles: [0.5, 0.99],
    within: ONE_PERCENT,
    pacing: null,
  },
  {
    name: `closed loop, gRPC, 16 in flight over one connection, fixed ${FIXED_MS} ms`,
    protocol: 'grpc',
    load: closed(16, 1),
    behaviour: knownLatency({ kind: 'fixed', ms: FIXED_MS }),
    percentiles: [0.5, 0.99],
    within: ONE_PERCENT,
    pacing: null,
  },
  {
    // Not 200/s: the gap would be the latency, and a server that is late with an answer would be late to read, too.
    name: `open loop, HTTP, 150/s constant, fixed ${FIXED_MS} ms`,
    protocol: 'http',
    load: open(150, 'constant', 64),
    behaviour: knownLatency({ kind: 'fixed', ms: FIXED_MS }),
    percentiles: [0.5, 0.99],
    within: ONE_PERCENT,
    pacing: { ...EVEN, gapsWithinUs: null },
  },
  {
    name: `open loop, HTTP, 1,000/s constant, ${FIXED_MS} ms with stalls of 100 ms every 1,037 ms`,
    protocol: 'http',
    load: open(1000, 'constant', 256),
    behaviour: {
      ...knownLatency({ kind: 'fixed', ms: FIXED_MS }),
      stall: { everyMs: 1037, forMs: 100 },
    },
    percentiles: [0.5, 0.95, 0.99],
    within: { relative: 0.02, ms: 0 },
    pacing: EVEN,
  },
  {
    name: `open loop, gRPC, 1,000/s Poisson, fixed ${FIXED_MS} ms`,
    protocol: 'grpc',
    load: open(1000, 'poisson', 64),
    behaviour: knownLatency({ kind: 'fixed', ms: FIXED_MS }),
    percentiles: [0.5, 0.99],
    within: ONE_PERCENT,
    pacing: { ...EVEN, gapsWithinUs: null, gapsLevel: 0.01, rateWithin: 0.03 },
  },
  {
    name: 'closed loop, HTTP, 16 in flight, fixed 20 ms, closing after each answer',
    protocol: 'http',
    load: closed(16),
    behaviour: { ...knownLatency({ kind: 'fixed', ms: 20 }), closes: true },
    percentiles: [0.5],
    within: { relative: 0.03, ms: 0 },
    pacing: null,
  },
  {
    name: 'open loop, HTTP, 20,000/s constant, a server that answers at once',
    protocol: 'http',
    load: open(20_000, 'constant', 256),
    behaviour: { kind: 'null' },
    percentiles: [],
    within: ONE_PERCENT,
    pacing: { lagP50Us: null, lagP99Us: 700, gapsWithinUs: null, gapsLevel: null, rateWithin: RATE_WITHIN },
  },
]
