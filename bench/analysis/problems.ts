// The one table of problems: what each of them does to a cell's numbers, and what to try. Whatever shows or judges a cell reads it.
import type { Metric } from './metrics.ts'

/**
 * How a problem may distort a number. A `too-good` number flatters the server: a failure stands, a pass does not. A `too-bad`
 * number does it an injustice: a pass stands, a failure does not. An `either-way` number decides nothing.
 */
export type Effect = 'none' | 'too-good' | 'too-bad' | 'either-way'

export interface ProblemKind {
  /** On response and service times. */
  readonly latency: Effect
  /** On requests/s and inferences/s. */
  readonly throughput: Effect
  readonly errorRate: Effect
  /** Whether no number of the cell can be believed: it is not compared, and a run with such a cell is not trustworthy. */
  readonly voids: boolean
  /** It hits targets that take turns alike, so that a comparison within one run stands. */
  readonly hitsAlike: boolean
  /** What to try; a problem that knows its cause names a better one. */
  readonly remedy: string
}

const NOTHING = { latency: 'none', throughput: 'none', errorRate: 'none', voids: false, hitsAlike: false } as const
/** Failures are counted, not estimated: a failed rule about them stands whatever else happened. */
const ANYTHING = { ...NOTHING, latency: 'either-way', throughput: 'either-way', errorRate: 'too-good' } as const
const VOID = { ...ANYTHING, voids: true } as const
const FLATTERED = { ...NOTHING, latency: 'too-good', throughput: 'too-good' } as const

export const PROBLEMS = {
  'too-few-samples': {
    ...NOTHING,
    remedy: 'measure longer, repeat more often, or raise the concurrency or the request rate',
  },
  'not-precise': {
    ...NOTHING,
    remedy: 'raise measure.auto.limit, or ask for less: measure.auto.p50 and measure.auto.p99',
  },
  'generator-limited': {
    ...ANYTHING,
    remedy:
      'lower the concurrency or the request rate, use the native engine, or give the generator cores (workers: 2)',
  },
  // Lateness is part of the response time and of nothing else.
  'sent-late': {
    ...NOTHING,
    latency: 'too-bad',
    remedy: 'end other programs on the generator’s cores, or let it go first (docs/load-engines.md)',
  },
  // Another load than the one that was asked for.
  'stream-limit': {
    ...ANYTHING,
    remedy: 'raise connections, or the server’s limit of concurrent streams; the waiting is in the latencies',
  },
  'dropped-requests': {
    ...FLATTERED,
    errorRate: 'too-good',
    remedy: 'raise maxInFlight, or lower the request rate to what the server can answer',
  },
  'error-rate': {
    ...FLATTERED,
    remedy: 'latencies are of the good answers only: mend the errors first; the server’s log is in the run directory',
  },
  'not-steady': { ...ANYTHING, errorRate: 'none', remedy: 'warm up longer: measure.warmup' },
  refused: { ...VOID, errorRate: 'none', remedy: 'send the target what it accepts: see its answer above' },
  'bad-answer': { ...VOID, errorRate: 'none', remedy: 'describe the outputs that the server answers: model.outputs' },
  'not-deterministic': {
    ...NOTHING,
    remedy: 'fix the model’s seed, or say that its outputs cannot be compared: verify: off',
  },
  'outputs-disagree': {
    ...VOID,
    remedy: 'the servers compute different answers: check that all serve the same model files and versions',
  },
  'cache-suspected': {
    ...FLATTERED,
    remedy: 'switch the cache off (Triton: response_cache in config.pbtxt), or read the numbers as those of cache hits',
  },
  'noisy-host': {
    ...NOTHING,
    latency: 'too-bad',
    throughput: 'too-bad',
    hitsAlike: true,
    remedy: 'end other programs, take a machine of its own, or repeat more often so that the noise averages out',
  },
  // What is answered under too much load is what the server can do; how long it takes depends on when one stops.
  saturated: {
    ...NOTHING,
    latency: 'too-good',
    errorRate: 'too-good',
    remedy: 'lower the request rate below the server’s capacity; a closed loop shows where that is',
  },
  'server-died': { ...VOID, remedy: 'read the server’s log in the run directory; give it more memory, or less load' },
  'server-paused': { ...VOID, remedy: 'find out what pauses it (docker events), then run the scenario again' },
  'count-mismatch': { ...VOID, remedy: 'keep other clients away from the server while it is measured' },
  'not-run': {
    ...VOID,
    remedy: 'mend the cause named and run the scenario again, with --only for these targets alone',
  },
  interrupted: { ...VOID, remedy: 'run the scenario to its end; --quick makes it shorter' },
} as const satisfies Readonly<Record<string, ProblemKind>>

export type ProblemCode = keyof typeof PROBLEMS

export const PROBLEM_CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]

export interface Problem {
  readonly code: ProblemCode
  /** What was seen, with its figures. */
  readonly message: string
  /** What to try. */
  readonly remedy: string
}

/** A problem with the table's remedy, or with the remedy of its own cause. */
export function problem(code: ProblemCode, message: string, remedy: string = PROBLEMS[code].remedy): Problem {
  return { code, message, remedy }
}

/** What a problem does to one metric. */
export function effectOn(code: ProblemCode, metric: Metric): Effect {
  const kind: ProblemKind = PROBLEMS[code]
  if (metric === 'errorRate') return kind.errorRate
  return metric === 'requestsPerSec' || metric === 'inferencesPerSec' ? kind.throughput : kind.latency
}

type Problematic = { readonly problems: readonly Problem[] }

/** The problem for which no number of a cell can be believed; null where there is none. */
export function voidingProblem({ problems }: Problematic): Problem | null {
  return problems.find(({ code }) => PROBLEMS[code].voids) ?? null
}

/** The first problem that does one of these to a metric of a cell; null where none does. */
export function problemThatMakes(
  metric: Metric,
  { problems }: Problematic,
  effects: readonly Effect[],
): Problem | null {
  return problems.find(({ code }) => effects.includes(effectOn(code, metric))) ?? null
}
