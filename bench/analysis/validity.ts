// What spoils a cell's numbers, each with what to try: judged from its measurements and its own summary.
import { formatCount } from '../core/units.ts'
import type { CacheAudit, Measurement } from '../measurement/types.ts'
import { PERCENTILES, type PercentileName } from './latency.ts'
import type { Problem } from './problems.ts'
import { problem } from './problems.ts'
import type { CellSummary } from './run-document.ts'
import { samplesFor } from './sample-size.ts'

/** A generator thread that uses more of its core than this sends late, however fast the server is. */
const MAX_CLIENT_CPU_FRACTION = 0.9
/** Above this share of the rate that it reaches against a server that answers at once, its own time is most of a latency. */
const MAX_OF_CEILING = 0.7
/** An event loop that stalls this long at p99 … */
const MAX_LOOP_DELAY_MS = 5
/** … or for this share of the median latency puts the generator's own time into the numbers; so does lateness of that share. */
const MAX_LATENESS = 0.05
/** What others may take of the machine's CPU time: a tenth of a core of two, which leaves the intervals to tell. */
const MAX_OTHERS = 0.05
/** A server that keeps up answers all that was due; one that falls behind by less than this is left to the latencies. */
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
    ...sentLate(cell),
    ...streamLimit(cell, measurements),
    ...dropped(cell),
    ...saturated(cell, measurements),
    ...noisyHost(measurements),
    ...(isExplained ? [] : tooFewSamples(cell)),
  ]
}

/** Told of by an audit of the target before the load. */
export function cached({ freshMs, repeatedMs, batchSize }: CacheAudit): Problem {
  return problem(
    'cache-suspected',
    `inputs that it had seen were answered in ${ms(repeatedMs)}, new ones in ${ms(freshMs)} (batch size ${batchSize}, ` +
      'medians): the load repeats its inputs',
  )
}

/** One problem per kind of fault, with the first one's message and how many trials had it. */
function faults(measurements: readonly Measurement[]): Problem[] {
  const byCode = Map.groupBy(
    measurements.flatMap((measurement) => measurement.faults),
    ({ code }) => code,
  )
  const of = measurements.length > 1 ? ` of ${measurements.length} repetitions` : ''
  return [...byCode].map(([code, found]) =>
    problem(code, `${found[0]?.message ?? code}${of === '' ? '' : ` (${found.length}${of})`}`),
  )
}

function errors({ counts, errors: kinds, errorExamples }: Judged): Problem[] {
  if (counts.failed === 0) return []
  const listed = Object.entries(kinds)
    .sort(([, one], [, other]) => other - one)
    .map(([kind, count]) => `${kind} × ${count}`)
  const example = errorExamples[0] === undefined ? '' : `; for example: ${errorExamples[0]}`
  return [
    problem(
      'error-rate',
      `${counts.failed} of ${counts.completed + counts.failed} requests failed (${listed.join(', ')})${example}`,
    ),
  ]
}

function generator(cell: Judged, measurements: readonly Measurement[]): Problem[] {
  const p50Ms = cell.latencyMs.p50?.value ?? 0
  const { cpuFraction, floor, polled } = cell.client
  const reasons: string[] = []
  const perSec = cell.requestsPerSec?.value ?? 0
  if (floor !== null && perSec > MAX_OF_CEILING * floor.requestsPerSec && !isTransfer(cell)) {
    const share = perSec / floor.requestsPerSec
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
  // Sending large requests takes its time: as long as one turn for all slots at once takes is no stall.
  const turnMs = (2 * slotsOf(cell.load) * (cell.client.cpuUsPerRequest ?? 0)) / 1e3
  if (delayMs !== null && delayMs > Math.max(MAX_LOOP_DELAY_MS, MAX_LATENESS * p50Ms, turnMs)) {
    reasons.push(`its event loop stalled for ${ms(delayMs)} at p99`)
  }
  if (reasons.length === 0) return []
  return [problem('generator-limited', `the load generator was at its limit: ${reasons.join('; ')}`)]
}

/** Requests of this size take their time to be read by any server. */
const LARGE_REQUEST_BYTES = 64 * 1024

/** The built-in server has to take large requests in as well: with a thread that is not busy, the limit is not the generator's. */
function isTransfer({ client, counts }: Judged): boolean {
  const bytes = (client.bytesSent + client.bytesReceived) / Math.max(1, counts.sent)
  return bytes > LARGE_REQUEST_BYTES && client.cpuFraction !== null && client.cpuFraction < MAX_OF_CEILING
}

/** Lateness at a percentile is held against the latency at the same one, where samples carry it: that is what it is part of. */
function sentLate({ load, sendLagMs, latencyMs }: Judged): Problem[] {
  if (load.model !== 'open') return []
  const late = (['p50', 'p99'] as const).flatMap((name) => {
    const [lagMs, latency] = [sendLagMs[name], latencyMs[name]]
    if (lagMs === null || latency === null || lagMs <= MAX_LATENESS * latency.value) return []
    return [`${ms(lagMs)} late at ${name}, where the latency is ${ms(latency.value)}`]
  })
  return late.length === 0 ? [] : [problem('sent-late', `requests went out ${late.join('; ')}`)]
}

function streamLimit({ counts }: Judged, measurements: readonly Measurement[]): Problem[] {
  const waits = measurements.reduce((sum, { streamWaits }) => sum + streamWaits, 0)
  if (waits === 0) return []
  return [
    problem(
      'stream-limit',
      `${waits} of ${counts.sent} requests waited for a stream: the server allows fewer on a connection than were asked for`,
    ),
  ]
}

function dropped({ counts }: Judged): Problem[] {
  if (counts.dropped === 0) return []
  return [
    problem(
      'dropped-requests',
      `${counts.dropped} of ${counts.sent + counts.dropped} due requests were never sent: all slots were in flight`,
    ),
  ]
}

/**
 * Offered is what was really due, so that Poisson arrivals are held against themselves and not against their mean. What
 * failed at once was answered at once: no queue grew of it. A load that was told to change its rate is judged piece by piece.
 */
function saturated({ load, counts, errors: kinds, requestsPerSec }: Judged, measurements: readonly Measurement[]) {
  if (load.model !== 'open' || load.profile !== null || requestsPerSec === null || counts.completed === 0) return []
  const windowsSec = measurements.reduce((sum, { windowNs }) => sum + windowNs / 1e9, 0)
  if (windowsSec === 0) return []
  const offeredPerSec =
    load.distribution === 'constant' ? load.requestRate : (counts.sent + counts.dropped) / windowsSec
  const failedAtOnce = counts.failed - (kinds.timeout ?? 0)
  const answeredPerSec = requestsPerSec.value * (1 + failedAtOnce / counts.completed)
  if (!(answeredPerSec < MIN_ACHIEVED * offeredPerSec)) return []
  return [
    problem(
      'saturated',
      `${answeredPerSec.toFixed(1)} requests/s were answered of ${offeredPerSec.toFixed(1)} offered: the queue grew all the time`,
    ),
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
  return [problem('noisy-host', `the machine was not quiet: ${reasons.join('; ')}`)]
}

/** p99.9 alone is no problem: it is simply null. */
function tooFewSamples({ counts, latencyMs }: Judged): Problem[] {
  const names = Object.keys(PERCENTILES) as PercentileName[]
  const missing = names.filter((name) => counts.completed < samplesFor(PERCENTILES[name]))
  const lowest = missing[0]
  if (lowest === undefined || lowest === 'p999' || latencyMs.p99 !== null) return []
  return [
    problem(
      'too-few-samples',
      `${counts.completed} completed requests do not carry ${missing.join(', ')}: ${lowest} takes ${samplesFor(PERCENTILES[lowest])}`,
    ),
  ]
}

const slotsOf = (load: Judged['load']) => (load.model === 'closed' ? load.concurrency : load.maxInFlight)

function middle(values: readonly number[]): number | null {
  return [...values].sort((one, other) => one - other)[Math.floor((values.length - 1) / 2)] ?? null
}

const percent = (fraction: number) => `${Math.round(fraction * 100)} %`
const ms = (value: number) => `${value.toPrecision(3)} ms`
