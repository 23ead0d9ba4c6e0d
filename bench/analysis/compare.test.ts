import { describe, expect, it } from 'vitest'
import { seededRandom } from '../core/random.ts'
import type { Measurement } from '../measurement/types.ts'
import { changeBetween, pValueOf, relativeChange } from './change.ts'
import { compareRuns } from './compare-runs.ts'
import { compareTargets } from './compare-targets.ts'
import { CLOSED, closedLoop, type MadeMeasurement, makeMeasurement } from './measurement-fixture.ts'
import { digamma, trigamma } from './moderate.ts'
import type { Environment, RunDocument } from './run-document.ts'
import { disturbed } from './simulated-disturbance.ts'
import { autoregressive, withRepetitionEffect } from './simulated-latencies.ts'
import { measureMatrix } from './simulation.ts'
import type { Spread } from './spread.ts'
import { summarise } from './summarise.ts'

const random = seededRandom(11, 'compare')

function repeated(target: string, factor: number, made: MadeMeasurement = {}, count = 300): Measurement[] {
  return [1, 2, 3, 4, 5].map((repetition) => {
    const latencies = autoregressive(0)
      .draw(count, random)
      .map((latencyMs) => latencyMs * factor)
    return makeMeasurement({ target, repetition, ...closedLoop(latencies), ...made })
  })
}

const CELLS = ['flask', 'triton'].map((target) => ({ target, batchSize: 1, load: CLOSED }))

const summarised = (cells: typeof CELLS, measurements: Measurement[]) =>
  cells.map((cell) =>
    summarise(
      cell,
      measurements.filter(({ trial }) => trial.target === cell.target),
      null,
    ),
  )

const compared = (measurements: Measurement[]) =>
  new Map(compareTargets(summarised(CELLS, measurements), 'flask').map((found) => [found.metric, found]))

describe('a comparison', () => {
  it('finds a halved latency improved on every latency and on throughput', () => {
    const found = compared([...repeated('flask', 2), ...repeated('triton', 1)])
    for (const metric of ['p50', 'p90', 'mean', 'requestsPerSec'] as const) {
      expect(found.get(metric)?.verdict, metric).toBe('improved')
    }
    expect(found.get('p50')?.change?.value).toBeCloseTo(-0.5, 1)
    expect(found.get('requestsPerSec')).toMatchObject({ better: 'higher' })
    expect(found.get('errorRate')).toMatchObject({ verdict: 'unchanged', change: { value: 0 }, pAdjusted: null })
  })

  it('finds a doubled latency regressed', () => {
    expect(compared([...repeated('flask', 1), ...repeated('triton', 2)]).get('p50')?.verdict).toBe('regressed')
  })

  it('calls a significant change of less than 2 % unchanged', () => {
    const exact = (target: string, latencyMs: number) =>
      [1, 2, 3].map((repetition) =>
        makeMeasurement({ target, repetition, ...closedLoop(new Array<number>(100).fill(latencyMs)) }),
      )
    const found = compared([...exact('flask', 1), ...exact('triton', 1.01)]).get('p50')
    expect(found).toMatchObject({ verdict: 'unchanged', pAdjusted: 0 })
    expect(found?.why).toContain('smaller than 2 %')
    expect(compared([...exact('flask', 1), ...exact('triton', 1.03)]).get('p50')?.verdict).toBe('regressed')
  })

  it.each(['outputs-disagree', 'server-died', 'not-run', 'interrupted'] as const)('is impossible after %s', (code) => {
    const found = compared([
      ...repeated('flask', 1),
      ...repeated('triton', 2, { faults: [{ code, message: 'because' }] }),
    ])
    for (const comparison of found.values()) {
      expect(comparison).toMatchObject({ verdict: 'incomparable', change: null, pAdjusted: null })
      expect(comparison.why).toContain('because')
    }
  })

  it('is impossible where too few samples carry the percentile, and says on which side', () => {
    const found = compared([...repeated('flask', 1), ...repeated('triton', 1, {}, 50)])
    expect(found.get('p99')).toMatchObject({ verdict: 'incomparable', why: 'triton has no p99: too few samples' })
    expect(found.get('p50')?.verdict).toBe('unchanged')
  })

  it('calls failures where there were none a regression of the error rate', () => {
    const failing = repeated('triton', 1).map((measurement) => ({
      ...measurement,
      columns: {
        ...measurement.columns,
        outcome: measurement.columns.outcome.map((_, row) => (row % 10 === 0 ? 3 : 0)),
      },
    }))
    expect(compared([...repeated('flask', 1), ...failing]).get('errorRate')).toMatchObject({
      change: null,
      verdict: 'regressed',
    })
  })
})

describe('a change', () => {
  const spread = (value: number, deviations: readonly number[]): Spread => ({
    value,
    deviations: deviations.map((deviation, index) => ({
      repetition: index + 1,
      deviation,
      weight: 1 / deviations.length,
    })),
    within: null,
    shortfall: 0,
    leastVariance: 0,
    tail: null,
  })

  it('of paired repetitions cancels what slowed both', () => {
    const noise = [-0.3, 0.1, 0.2]
    const change = changeBetween(spread(1, noise), spread(1.1, noise), 'paired')
    expect(change?.uncertainty.variance).toBeCloseTo(0, 12)
    const apart = changeBetween(spread(1, noise), spread(1.1, noise), 'independent')
    expect(apart?.uncertainty.variance).toBeGreaterThan(0.01)
    expect(apart?.uncertainty.df).toBeCloseTo(4, 9)
  })

  it('has a p-value below 5 % exactly when its interval leaves out 0', () => {
    for (const factor of [1.05, 1.1, 1.2, 1.5, 2, 3]) {
      const change = changeBetween(spread(1, [-0.1, 0, 0.1]), spread(factor, [0.1, 0, -0.1]), 'paired')
      if (change === null) throw new Error('has repetitions on both sides')
      expect(relativeChange(change).low > 0).toBe(pValueOf(change) < 0.05)
    }
  })

  it('is no surer than the repetitions are: one of them that drags the pool along is not all of them', () => {
    // The pool says twice as slow. The repetitions say: four alike, and one that is.
    const alike = spread(1, [0, 0, 0, 0, 0])
    const dragged = spread(2, [0, -Math.LN2, -Math.LN2, -Math.LN2, -Math.LN2])
    const change = changeBetween(alike, dragged, 'paired')
    if (change === null) throw new Error('has repetitions on both sides')
    expect(relativeChange(change).value).toBeCloseTo(1, 12)
    expect(relativeChange(change).low).toBeLessThan(0)
    expect(pValueOf(change)).toBeGreaterThan(0.3)
    const other = changeBetween(dragged, alike, 'paired')
    expect(other && pValueOf(other)).toBeGreaterThan(0.3)
  })

  it('of something that is 0 does not exist', () => {
    expect(changeBetween(spread(0, [0, 0]), spread(1, [0, 0]), 'paired')).toBeNull()
  })
})

it('knows digamma and trigamma where they have closed forms', () => {
  expect(digamma(1)).toBeCloseTo(-0.5772156649015329, 10)
  expect(digamma(0.5)).toBeCloseTo(-0.5772156649015329 - 2 * Math.log(2), 10)
  expect(trigamma(1)).toBeCloseTo(Math.PI ** 2 / 6, 10)
  expect(trigamma(0.5)).toBeCloseTo(Math.PI ** 2 / 2, 10)
})

describe('a matrix of comparisons', () => {
  const MATRIX = { candidates: 2, conditions: 3, repetitions: 5, samplesPerRepetition: 160, seed: 5 }

  it('has at most 8 % family-wise false alarms in 200 A/A matrices, and fewer than other gates', () => {
    const [own, ...others] = measureMatrix({
      ...MATRIX,
      process: withRepetitionEffect(0.02),
      matrices: 200,
      slowdown: 1,
    })
    expect(own?.falseAlarms).toBeLessThanOrEqual(0.08)
    const byName = Object.fromEntries(others.map(({ name, falseAlarms }) => [name, falseAlarms]))
    expect(byName['previous value, 5 % more']).toBeGreaterThan(0.5)
    expect(byName['t-test over repetitions, p < 0.05']).toBeGreaterThan(0.1)
    expect(byName['previous value, 200 %']).toBe(0)
  })

  it('has at most 8 % family-wise false alarms beside programs that slow some repetitions for a while', () => {
    const process = disturbed({ sigmaEffect: 0.03, share: 0.1, factor: 1.5 })
    const [own] = measureMatrix({ ...MATRIX, conditions: 8, candidates: 1, process, matrices: 100, slowdown: 1 })
    expect(own?.falseAlarms).toBeLessThanOrEqual(0.08)
  })

  it('finds the one cell that is slowed by half', () => {
    const [own] = measureMatrix({ ...MATRIX, process: autoregressive(0), matrices: 20, slowdown: 1.5 })
    expect(own?.detectedP50).toBe(1)
  })
})

describe('two runs', () => {
  const environment: Environment = {
    cpu: 'Xeon',
    cores: 2,
    memoryBytes: 1,
    kernel: '6.1',
    governor: null,
    node: 'v24.1.0',
    dyno: '0.1.0',
    loadThreads: null,
    docker: null,
    gpu: null,
    stealFraction: null,
    servers: {},
  }

  function runOf(factor: number, changed: Partial<Environment> = {}) {
    const sides = summarised(CELLS.slice(0, 1), repeated('flask', factor))
    const run: RunDocument = {
      schemaVersion: 1,
      id: 'run',
      startedAt: '2026-01-01T00:00:00Z',
      finishedAt: '2026-01-01T00:01:00Z',
      interrupted: false,
      scenario: { name: 's', description: '', sha256: '', path: 's.yaml' },
      seed: 1,
      environment: { ...environment, ...changed },
      parity: [],
      coldStart: [],
      cacheAudit: [],
      cells: sides.map(({ cell }) => cell),
      comparisons: [],
      timeline: [],
    }
    return { run, summarised: sides }
  }

  it('of like machines are compared from their samples', () => {
    const found = compareRuns(runOf(1), runOf(1.5, { node: 'v24.9.0' }))
    expect(found.find(({ metric }) => metric === 'p50')?.verdict).toBe('regressed')
  })

  it('of unlike machines are incomparable, unless forced, and the differing facts are named', () => {
    const [before, after] = [runOf(1), runOf(1.5, { cores: 8, node: 'v20.0.0' })]
    for (const comparison of compareRuns(before, after)) {
      expect(comparison.verdict).toBe('incomparable')
      expect(comparison.why).toContain('cores: 2 against 8; node major: 24 against 20')
    }
    const moved = compareRuns(runOf(1), runOf(1.5, { gpu: 'NVIDIA H200, driver 550.54.15', kernel: '5.4.0-1' }))
    expect(moved[0]?.why).toMatch(/kernel: [\d.]+ against 5.4; gpu: unknown against NVIDIA H200, driver 550/)
    const timedBy = (answersTimedBy: 'kernel' | 'thread') =>
      runOf(1.5, { loadThreads: { waitsWith: null, answersTimedBy, openLoopPriority: 'normal' } })
    expect(compareRuns(timedBy('kernel'), timedBy('thread'))[0]?.why).toContain(
      'answers timed by: kernel against thread',
    )
    // A run of before that was recorded.
    expect(compareRuns(runOf(1), timedBy('kernel')).some(({ verdict }) => verdict === 'regressed')).toBe(true)
    expect(compareRuns(before, after, { force: true }).some(({ verdict }) => verdict === 'regressed')).toBe(true)
  })
})
