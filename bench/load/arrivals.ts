// When requests are due in an open loop: absolute instants from the start, so that lateness never shifts the next one.
import type { Random } from '../core/random.ts'
import type { LoadModel } from '../plan/types.ts'

export type OpenLoad = Extract<LoadModel, { model: 'open' }>

/**
 * Nanoseconds from the start of the phase, ascending, one per call; Infinity once a profile is over.
 *
 * With Λ(t) the number of requests expected until t, request k of a constant distribution is due when Λ(t) = phase + k, and
 * those of a Poisson process when Λ(t) is a sum of k exponential gaps of mean 1 (time rescaling: Lewis and Shedler
 * 1979, Naval Research Logistics Quarterly 26:403–413).
 * @param phase of a constant distribution: which share of a gap passes before the first request, below 1
 */
export function arrivals(load: OpenLoad, windowNs: number, random: Random, phase = 0): () => number {
  const instantOf = load.profile === null ? constantRate(load.requestRate) : profiledRate(load.profile, windowNs)
  let expected = load.distribution === 'poisson' ? 0 : phase
  if (load.distribution === 'poisson') {
    return () => {
      expected += random.exponential()
      return instantOf(expected)
    }
  }
  return () => instantOf(expected++)
}

/**
 * The phase of a window that goes on where the one before ended: all of them together hold rate × time requests, where each
 * that began with a request would hold one too many.
 * @param first phase of the first window, @param windows how many there were before
 */
export function phaseAfter(first: number, windows: number, load: OpenLoad, windowNs: number): number {
  // Over a profile requestRate is the mean.
  const passed = (first - windows * load.requestRate * (windowNs / 1e9)) % 1
  return passed < 0 ? passed + 1 : passed
}

/** Of every `of` arrivals, number `index` and none of the others: one load thread's share of one process. */
export function shareOfArrivals(next: () => number, index: number, of: number): () => number {
  if (of === 1) return next
  for (let skipped = 0; skipped < index; skipped++) next()
  return () => {
    const due = next()
    for (let skipped = 1; skipped < of; skipped++) next()
    return due
  }
}

function constantRate(requestRate: number): (expected: number) => number {
  // In a typed array it is a double for the compiler, too: as a small integer the product would overflow in mid-window,
  // and the loop would have to be compiled again just then.
  const gapNs = Float64Array.of(1e9 / requestRate)
  return (expected) => (gapNs[0] as number) * expected
}

interface Segment {
  readonly fromNs: number
  /** Requests expected before it. */
  readonly expectedBefore: number
  /** Per nanosecond at its start. */
  readonly rate: number
  /** Change of the rate per nanosecond. */
  readonly slope: number
  readonly expectedAfter: number
}

function profiledRate(profile: NonNullable<OpenLoad['profile']>, windowNs: number): (expected: number) => number {
  const segments = segmentsOf(profile, windowNs)
  let at = 0
  return (expected) => {
    while (at < segments.length && expected >= (segments[at] as Segment).expectedAfter) at++
    const segment = segments[at]
    if (segment === undefined) return Number.POSITIVE_INFINITY
    const { fromNs, rate, slope } = segment
    const more = expected - segment.expectedBefore
    // The root of rate·τ + slope·τ²/2 = more, in the form that is exact for slope 0.
    return fromNs + (2 * more) / (rate + Math.sqrt(rate * rate + 2 * slope * more))
  }
}

function segmentsOf({ shape, requestRates }: NonNullable<OpenLoad['profile']>, windowNs: number): Segment[] {
  const pieces = shape === 'steps' ? requestRates.length : requestRates.length - 1
  const lengthNs = windowNs / pieces
  let expectedBefore = 0
  return Array.from({ length: pieces }, (_, index) => {
    const rate = (requestRates[index] ?? 0) / 1e9
    const end = shape === 'steps' ? rate : (requestRates[index + 1] ?? 0) / 1e9
    const expectedAfter = expectedBefore + ((rate + end) / 2) * lengthNs
    const segment = { fromNs: index * lengthNs, expectedBefore, rate, slope: (end - rate) / lengthNs, expectedAfter }
    expectedBefore = expectedAfter
    return segment
  })
}
