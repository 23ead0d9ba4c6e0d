// A run with known numbers for tests of reports: a good cell of each kind, one that failed, and names that bite.
import type { CellSummary, Estimate, LatencyCurve, RunDocument } from '../analysis/run-document.ts'
import type { ReportInput } from './types.ts'

export const HOSTILE = '<img src=x onerror=alert(1)>|"`'

const estimate = (value: number): Estimate => ({ value, low: value * 0.9, high: value * 1.2 })

interface Made {
  readonly target: string
  readonly batchSize: number
  readonly concurrency: number
  readonly p50Ms: number
  readonly requestsPerSec: number
  readonly isTriton?: boolean
}

function makeCell({ target, batchSize, concurrency, p50Ms, requestsPerSec, isTriton = false }: Made): CellSummary {
  const latency = (factor: number) => estimate(p50Ms * factor)
  const latencyMs = {
    p50: latency(1),
    p90: latency(1.5),
    p95: latency(2),
    p99: latency(3),
    p999: null,
    mean: latency(1.1),
    min: latency(0.5),
    max: latency(5),
  }
  const server = isTriton
    ? {
        queueMs: 0.2,
        computeInputMs: 0.05,
        computeInferMs: 0.6,
        computeOutputMs: 0.1,
        meanExecutedBatch: batchSize * 1.5,
      }
    : { queueMs: null, computeInputMs: null, computeInferMs: null, computeOutputMs: null, meanExecutedBatch: null }
  return {
    target,
    batchSize,
    load: { model: 'closed', concurrency, connections: concurrency },
    engine: 'native',
    repetitions: 5,
    latencyMs,
    serviceMs: latencyMs,
    sendLagMs: { p50: 0, p99: 0, max: 0 },
    requestsPerSec: estimate(requestsPerSec),
    inferencesPerSec: estimate(requestsPerSec * batchSize),
    errorRate: { value: 0, low: 0, high: 0.001 },
    counts: { sent: 5000, completed: 5000, failed: 0, dropped: 0, delayed: 0, censored: 0 },
    errors: {},
    errorExamples: [],
    server: { requests: isTriton ? 5000 : null, failures: isTriton ? 0 : null, ...server },
    resources: { cpuFraction: 0.8, throttledFraction: 0.1, memoryBytes: 6e8, gpu: null },
    client: {
      threads: 1,
      polled: false,
      cpuUsPerRequest: 40,
      cpuFraction: 0.1,
      eventLoopDelayP99Ms: 0.5,
      bytesSent: 1e6,
      bytesReceived: 1.5e6,
      floor: { requestsPerSec: 20_000, p50Ms: 0.06, cpuUsPerRequest: 15 },
    },
    connects: { made: 0, p50Ms: null, p99Ms: null },
    pieces: null,
    warmup: { lengthMs: 2000, settledAfterMs: 0 },
    problems: [],
  }
}

/** A cell of which nothing came: every number that can be null is. */
function makeFailedCell(target: string): CellSummary {
  const none = { p50: null, p90: null, p95: null, p99: null, p999: null, mean: null, min: null, max: null }
  const cell = makeCell({ target, batchSize: 8, concurrency: 8, p50Ms: 1, requestsPerSec: 1 })
  return {
    ...cell,
    latencyMs: none,
    serviceMs: none,
    sendLagMs: { p50: null, p99: null, max: null },
    requestsPerSec: { value: 0, low: 0, high: 0 },
    inferencesPerSec: { value: 0, low: 0, high: 0 },
    errorRate: { value: 1, low: 0.75, high: 1 },
    counts: { sent: 12, completed: 0, failed: 12, dropped: 0, delayed: 0, censored: 0 },
    errors: { 'status:500': 12 },
    resources: { cpuFraction: null, throttledFraction: null, memoryBytes: null, gpu: null },
    client: { ...cell.client, cpuUsPerRequest: null },
    problems: [
      { code: 'error-rate', message: `12 of 12 requests failed: ${HOSTILE}`, remedy: 'mend the errors first' },
    ],
  }
}

export function makeReportInput(): ReportInput {
  const cells = [
    makeCell({ target: 'flask', batchSize: 1, concurrency: 1, p50Ms: 2, requestsPerSec: 480 }),
    makeCell({ target: 'flask', batchSize: 8, concurrency: 8, p50Ms: 16, requestsPerSec: 450 }),
    makeCell({ target: 'triton', batchSize: 1, concurrency: 1, p50Ms: 0.9, requestsPerSec: 1050, isTriton: true }),
    makeCell({ target: 'triton', batchSize: 8, concurrency: 8, p50Ms: 8, requestsPerSec: 900, isTriton: true }),
    makeFailedCell(HOSTILE),
  ]
  const [flask, , triton] = cells
  const load = triton?.load ?? { model: 'closed', concurrency: 1, connections: 1 }
  const curves: LatencyCurve[] = cells.map((cell, index) => ({
    cell: index,
    points:
      cell.latencyMs.p50 === null ? [] : [0.1, 0.5, 0.9, 0.99].map((quantile) => ({ quantile, ms: 1 + quantile * 3 })),
  }))
  const run: RunDocument = {
    schemaVersion: 1,
    id: 'fixture',
    startedAt: '2026-01-02T03:04:05.000Z',
    finishedAt: '2026-01-02T03:06:05.000Z',
    interrupted: false,
    scenario: { name: 'fixture', description: `A run ${HOSTILE}`, sha256: 'f'.repeat(64), path: 'fixture.yaml' },
    seed: 42,
    environment: {
      cpu: 'Test CPU',
      cores: 2,
      memoryBytes: 8 * 1024 ** 3,
      kernel: '6.1',
      governor: null,
      node: 'v24.0.0',
      dyno: '0.1.0',
      loadThreads: null,
      docker: null,
      gpu: null,
      stealFraction: 0.01,
      servers: {},
    },
    parity: [
      {
        target: 'flask',
        against: 'flask',
        maxAbsDifference: 0,
        ok: true,
        checkedDuringRun: 10,
        disagreed: 0,
        reason: null,
      },
      {
        target: HOSTILE,
        against: 'flask',
        maxAbsDifference: null,
        ok: false,
        checkedDuringRun: 0,
        disagreed: 0,
        reason: HOSTILE,
      },
    ],
    coldStart: [
      { target: 'flask', readyMs: 4200, firstMs: 31, laterMs: 1.2 },
      { target: HOSTILE, readyMs: null, firstMs: 3, laterMs: 1 },
    ],
    cacheAudit: [{ target: 'flask', batchSize: 8, freshMs: 1.5, repeatedMs: 1.4, suspected: false }],
    cells,
    timeline: ['flask', 'triton'].flatMap((target) =>
      [0.2, 0.4, 0.6].map((seconds) => ({
        target,
        trial: `${target}/b1/c1#1`,
        atMs: seconds * 1000,
        cpuFraction: 0.8,
        throttledFraction: 0.1,
        memoryBytes: 6e8,
      })),
    ),
    comparisons: (['p50', 'p99'] as const).map((metric) => ({
      baseline: flask?.target ?? '',
      candidate: 'triton',
      batchSize: 1,
      load,
      metric,
      better: 'lower',
      change: { value: -0.55, low: -0.6, high: -0.5 },
      verdict: 'improved',
      pAdjusted: 0.001,
      why: '',
    })),
    gate: {
      status: 'fail',
      findings: [
        {
          status: 'fail',
          rule: 'errorRate ≤ 0',
          target: HOSTILE,
          batchSize: 8,
          load,
          metric: 'errorRate',
          measured: 1,
          limit: 0,
          why: 'all failed',
        },
      ],
    },
  }
  return { run, curves }
}
