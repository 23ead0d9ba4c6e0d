import { expect, it } from 'vitest'
import { emptyColumns } from '../load/request-columns.ts'
import { findingsOf } from './accuracy.ts'
import type { Experiment } from './experiments.ts'

const EXPERIMENT: Experiment = {
  name: 'test',
  protocol: 'http',
  load: { model: 'open', requestRate: 1000, profile: null, distribution: 'constant', maxInFlight: 8, connections: 8 },
  behaviour: { kind: 'null' },
  percentiles: [0.5],
  within: { relative: 0.01, ms: 0.06 },
  pacing: { lagP50Us: 5, lagP99Us: 100, gapsWithinUs: { p90: 40, p99: 150 }, gapsLevel: null, rateWithin: 0.001 },
}

/** One request a millisecond, each sent `lagUs` late and taking `latencyMs`; the server saw 5 ms. */
function observed(latencyMs: number, lagUs: number, requests = 1000) {
  const columns = emptyColumns(requests)
  const record = { arrivedNs: new Float64Array(requests), answeredNs: new Float64Array(requests) }
  for (let row = 0; row < requests; row++) {
    columns.scheduledNs[row] = row * 1e6
    columns.sentNs[row] = row * 1e6 + lagUs * 1e3
    columns.receivedNs[row] = row * 1e6 + latencyMs * 1e6
    record.arrivedNs[row] = row * 1e6 + 20e3
    record.answeredNs[row] = row * 1e6 + 20e3 + 5e6
  }
  const result = {
    startedAtMs: 0,
    windowNs: 1e9,
    answered: requests,
    dropped: 0,
    delayed: 0,
    censored: 0,
    streamWaits: 0,
    connects: { made: 0, p50Ms: null, p99Ms: null, tookMs: [] },
    errors: {},
    errorExamples: [],
    verification: { checked: 0, disagreed: 0, maxAbsDifference: 0 },
    client: {
      threads: 1,
      polled: false,
      cpuMs: 0,
      cpuFraction: 0,
      eventLoopDelayP99Ms: 0,
      bytesSent: 0,
      bytesReceived: 0,
    },
  }
  return { columns, record, result }
}

const missed = (...made: Parameters<typeof observed>) =>
  findingsOf(EXPERIMENT, observed(...made)).flatMap(({ what, ok }) => (ok ? [] : [what]))

it('finds nothing wrong with an account that is the server’s', () => {
  expect(missed(5.05, 1)).toEqual([])
})

it('names a latency that is off, a late generator and a missed rate', () => {
  expect(missed(5.07, 1)).toEqual(['p50'])
  expect(missed(5, 200)).toEqual(['send lag p50', 'send lag p99'])
  expect(missed(5, 1, 998)).toEqual(['rate'])
})

it('names failed requests, and a run in which nothing was answered', () => {
  const { result, ...rest } = observed(5, 1)
  expect(findingsOf(EXPERIMENT, { ...rest, result: { ...result, errors: { timeout: 3 } } })[0]).toMatchObject({
    measured: 3,
    ok: false,
  })
  const nothing = { ...observed(5, 1, 0), result: { ...result, answered: 0 } }
  expect(findingsOf(EXPERIMENT, nothing).some(({ ok }) => !ok)).toBe(true)
})
