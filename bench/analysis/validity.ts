// What spoils a cell's numbers, each with what to try: judged from its measurements and its own summary.
import { formatCount } from '../core/units.ts'
import type { CacheAudit, Measurement } from '../measurement/types.ts'
import { PERCENTILES, type PercentileName } from './latency.ts'
import type { CellSummary, Problem, ProblemCode } from './run-document.ts'
import { samplesFor } from './sample-size.ts'

/** A generator thread that uses more of its core than this sends late, however fast the server is. */
const MAX_CLIENT_CPU_FRACTION = 0.9
/** Above this share of the rate that it reaches against a server that answers at once, its own time is most of a latency. */
const MAX_OF_CEILING = 0.7
/** An event loop that stalls this long at p99 … */
const MAX_LOOP_DELAY_MS = 5
/** … or requests sent this share of the median latency late put the generator's own time into the numbers. */
const MAX_LATENESS = 0.05
/** What others may take of the machine's CPU time: a tenth of a core of two, which leaves the intervals to tell. */
const MAX_OTHERS = 0.05
/** Poisson arrivals and the window's edges leave a server that keeps up within 2 % of what was offered. */
const MIN_ACHIEVED = 0.98

type Judged = Omit<CellSummary, 'problems' | 'warmup'>

/** In the order of severity: what makes numbers meaningless, then what bends them, then what is missing. */
export function problemsOf(cell: Judged, measurements: readonly Measurement[]): Problem[] {
  const failures = [...faults(measurements), ...errors(cell)]
  // Where nothing was completed at all, whatever kept it from that is the problem to mend.
  const isExplained = cell.counts.completed === 0 && failures.length > 0
  return [
    ...failures,
    ...generator(cell, measurements),
    ...streamLimit(cell, measurements),
    ...dropped(cell),
    ...saturated(cell, measurements),
    ...noisyHost(measurements),
    ...(isExplained ? [] : tooFewSamples(cell)),
  ]
}

/** Told of by an audit of the target before the load. */
export function cached({ freshMs, repeatedMs, batchSize }: CacheAudit): Problem {
  return {
    code: 'cache-suspected',
    message:
      `inputs that it had seen were answered in ${ms(repeatedMs)}, new ones in ${ms(freshMs)} (batch size ${batchSize}, ` +
      'medians): the load repeats 64 inputs',
    remedy: 'switch the cache off (Triton: response_cache in config.pbtxt), or read the numbers as those of cache hits',
  }
}

const FAULT_REMEDY = {
  'server-paused': 'find out what pauses it (docker events), then run the scenario again',
  'server-died': 'read the server’s log in the run directory; give it more memory, or less load',
  'outputs-disagree': 'the servers compute different answers: check that all serve the same model files and versions',
  'count-mismatch': 'keep other clients away from the server while it is measured',
  'not-run': 'mend the cause named and run the scenario again, with --only for these targets alone',
  interrupted: 'run the scenario to its end; --quick makes it shorter',
} as const satisfies Partial<Record<ProblemCode, string>>

/** One problem per kind of fault, with the first one's message and how many trials had it. */
function faults(measurements: readonly Measurement[]): Problem[] {
  const byCode = Map.groupBy(
    measurements.flatMap((measurement) => measurement.faults),
    ({ code }) => code,
  )
  return [...byCode].map(([code, found]) => ({
    code,
    message: `${found[0]?.message ?? code}${measurements.length > 1 ? ` (${found.length} of ${measurements.length} repetitions)` : ''}`,
    remedy: FAULT_REMEDY[code],
  }))
}

function errors({ counts, errors: kinds, errorExamples }: Judged): Problem[] {
  if (counts.failed === 0) return []
  const listed = Object.entries(kinds)
    .sort(([, one], [, other]) => other - one)
    .map(([kind, count]) => `${kind} × ${count}`)
  const example = errorExamples[0] === undefined ? '' : `; for example: ${errorExamples[0]}`
  return [
    {
      code: 'error-rate',
      message: `${counts.failed} of ${counts.completed + counts.failed} requests failed (${listed.join(', ')})${example}`,
      remedy: 'latencies are of the good answers only: mend the errors first; the server’s log is in the run directory',
    },
  ]
}

function generator(cell: Judged, measurements: readonly Measurement[]): Problem[] {
  const p50Ms = cell.latencyMs.p50?.value ?? 0
  const { cpuFraction, floor, polled } = cell.client
  const isOpen = cell.load.model === 'open'
  const reasons: string[] = []
  if (floor !== null && cell.requestsPerSec.value > MAX_OF_CEILING * floor.requestsPerSec) {
    const share = cell.requestsPerSec.value / floor.requestsPerSec
    const most = `the ${formatCount(floor.requestsPerSec)} requests/s that it reached against a server that answers at once`
    // More than that: the built-in server had less of the machine to itself than the measured one.
    reasons.push(share > 1 ? `it sent more than ${most}` : `it sent ${percent(share)} of ${most}`)
  }
  // A thread that polls is always busy, and not for want of speed.
  if (!polled && cpuFraction !== null && cpuFraction > MAX_CLIENT_CPU_FRACTION) {
    reasons.push(`its thread used ${percent(cpuFraction)} of a core`)
  }
  // The middle repetition: one hiccup of the machine in one of them is no limit of the generator.
  const delayMs = middle(
    measurements.filter(({ windowNs }) => windowNs > 0).map(({ client }) => client.eventLoopDelayP99Ms),
  )
  if (delayMs !== null && delayMs > Math.max(MAX_LOOP_DELAY_MS, MAX_LATENESS * p50Ms)) {
    reasons.push(`its event loop stalled for ${ms(delayMs)} at p99`)
  }
  const lagMs = cell.sendLagMs.p99
  if (isOpen && lagMs !== null && p50Ms > 0 && lagMs > MAX_LATENESS * p50Ms) {
    reasons.push(`it sent ${ms(lagMs)} late at p99, while the median latency is ${ms(p50Ms)}`)
  }
  if (reasons.length === 0) return []
  return [
    {
      code: 'generator-limited',
      message: `the load generator was at its limit: ${reasons.join('; ')}`,
      remedy:
        'lower the concurrency or the request rate, use the native engine, or give the generator cores (workers: 2)',
    },
  ]
}

function streamLimit({ counts }: Judged, measurements: readonly Measurement[]): Problem[] {
  const waits = measurements.reduce((sum, { streamWaits }) => sum + streamWaits, 0)
  if (waits === 0) return []
  return [
    {
      code: 'stream-limit',
      message: `${waits} of ${counts.sent} requests waited for a stream: the server allows fewer on a connection than were asked for`,
      remedy: 'raise connections, or the server’s limit of concurrent streams; the waiting is in the latencies',
    },
  ]
}

function dropped({ counts }: Judged): Problem[] {
  if (counts.dropped === 0) return []
  return [
    {
      code: 'dropped-requests',
      message: `${counts.dropped} of ${counts.sent + counts.dropped} due requests were never sent: all slots were in flight`,
      remedy: 'raise maxInFlight, or lower the request rate to what the server can answer',
    },
  ]
}

/** Offered is what was really due, so that Poisson arrivals are held against themselves and not against their mean. */
function saturated(
  { load, counts, requestsPerSec, latencyMs }: Judged,
  measurements: readonly Measurement[],
): Problem[] {
  if (load.model !== 'open') return []
  const windowsSec = measurements.reduce((sum, { windowNs }) => sum + windowNs / 1e9, 0)
  const windows = measurements.filter(({ windowNs }) => windowNs > 0).length
  if (windows === 0) return []
  const offeredPerSec = (counts.sent + counts.dropped) / windowsSec
  // Requests due within one latency of the window's end are answered after it, by a fast server too.
  const answerable = Math.max(0, 1 - ((latencyMs.p50?.value ?? 0) / 1e3) * (windows / windowsSec))
  if (!(requestsPerSec.value < MIN_ACHIEVED * offeredPerSec * answerable)) return []
  return [
    {
      code: 'saturated',
      message: `${requestsPerSec.value.toFixed(1)} requests/s were answered of ${offeredPerSec.toFixed(1)} offered: the queue grew all the time`,
      remedy: 'lower the request rate below the server’s capacity; a closed loop shows where that is',
    },
  ]
}

/** Of all windows of the cell, so that a neighbour that came for one of them shows by what it took. */
function noisyHost(measurements: readonly Measurement[]): Problem[] {
  const loads = measurements.flatMap(({ host, windowNs }) => (host === null ? [] : [{ ...host, windowNs }]))
  const windowsNs = loads.reduce((sum, { windowNs }) => sum + windowNs, 0)
  const mean = (read: (load: (typeof loads)[number]) => number | null) =>
    windowsNs === 0 ? 0 : loads.reduce((sum, load) => sum + (read(load) ?? 0) * load.windowNs, 0) / windowsNs
  const steal = mean(({ stealFraction }) => stealFraction)
  const other = mean(({ otherFraction }) => otherFraction)
  const throttles = loads.reduce((sum, { thermalThrottles }) => sum + thermalThrottles, 0)
  const reasons: string[] = []
  if (steal + other > MAX_OTHERS) {
    const loudest = loads.toSorted((one, next) => (next.otherFraction ?? 0) - (one.otherFraction ?? 0))[0]
    if (steal > other) reasons.push(`its hypervisor gave ${percent(steal)} of the CPU time to other machines`)
    else reasons.push(`other programs used ${percent(other)} of its CPU time, ${loudest?.busiest ?? 'none'} most of it`)
  }
  if (throttles > 0) reasons.push(`cores were too hot and slowed down ${throttles} times`)
  if (reasons.length === 0) return []
  return [
    {
      code: 'noisy-host',
      message: `the machine was not quiet: ${reasons.join('; ')}`,
      remedy: 'end other programs, take a machine of its own, or repeat more often so that the noise averages out',
    },
  ]
}

/** p99.9 alone is no problem: it is simply null. */
function tooFewSamples({ counts, latencyMs }: Judged): Problem[] {
  const names = Object.keys(PERCENTILES) as PercentileName[]
  const missing = names.filter((name) => counts.completed < samplesFor(PERCENTILES[name]))
  const lowest = missing[0]
  if (lowest === undefined || lowest === 'p999' || latencyMs.p99 !== null) return []
  return [
    {
      code: 'too-few-samples',
      message: `${counts.completed} completed requests do not carry ${missing.join(', ')}: ${lowest} takes ${samplesFor(PERCENTILES[lowest])}`,
      remedy: 'measure longer, repeat more often, or raise the concurrency or the request rate',
    },
  ]
}

function middle(values: readonly number[]): number | null {
  return [...values].sort((one, other) => one - other)[Math.floor((values.length - 1) / 2)] ?? null
}

const percent = (fraction: number) => `${Math.round(fraction * 100)} %`
const ms = (value: number) => `${value.toPrecision(3)} ms`
