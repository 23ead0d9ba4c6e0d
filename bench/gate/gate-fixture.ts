// A run document made of a few numbers, for the gate's tests: two cells, `flask` and `triton`, without problems.
import type { CellSummary, Comparison, Environment, Estimate, RunDocument } from '../analysis/run-document.ts'
import type { GateRule } from '../scenario/types.ts'

export const estimate = (value: number, low = value * 0.99, high = value * 1.01): Estimate => ({ value, low, high })

export function makeCell(changed: Partial<CellSummary> & { readonly p99?: Estimate | null } = {}): CellSummary {
  const { p99 = estimate(10), ...rest } = changed
  const latency = {
    p50: estimate(5),
    p90: estimate(8),
    p95: estimate(9),
    p99,
    p999: null,
    mean: estimate(5),
    min: null,
    max: null,
  }
  return {
    target: 'triton',
    batchSize: 4,
    load: { model: 'closed', concurrency: 8, connections: 8 },
    engine: 'native',
    repetitions: 5,
    latencyMs: latency,
    serviceMs: latency,
    sendLagMs: { p50: null, p99: null, max: null },
    requestsPerSec: estimate(100),
    inferencesPerSec: estimate(400),
    errorRate: { value: 0, low: 0, high: 0.004 },
    counts: { sent: 1000, completed: 1000, failed: 0, dropped: 0, delayed: 0, censored: 0 },
    errors: {},
    errorExamples: [],
    server: {
      requests: null,
      failures: null,
      queueMs: null,
      computeInputMs: null,
      computeInferMs: null,
      computeOutputMs: null,
      meanExecutedBatch: null,
    },
    resources: { cpuFraction: null, throttledFraction: null, memoryBytes: null, gpu: null },
    client: {
      threads: 1,
      polled: false,
      cpuUsPerRequest: null,
      cpuFraction: null,
      eventLoopDelayP99Ms: null,
      bytesSent: 0,
      bytesReceived: 0,
      floor: null,
    },
    connects: { made: 0, p50Ms: null, p99Ms: null },
    pieces: null,
    warmup: null,
    problems: [],
    ...rest,
  }
}

const ENVIRONMENT: Environment = {
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

export function makeRun(changed: Partial<RunDocument> = {}): RunDocument {
  return {
    schemaVersion: 1,
    id: 'run-1',
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:01:00Z',
    interrupted: false,
    scenario: { name: 'smoke', description: '', sha256: 'abc', path: 'smoke.yaml' },
    seed: 1,
    environment: ENVIRONMENT,
    parity: [],
    coldStart: [],
    cacheAudit: [],
    cells: [makeCell()],
    comparisons: [],
    timeline: [],
    ...changed,
  }
}

export function makeComparison(changed: Partial<Comparison> = {}): Comparison {
  const { batchSize, load } = makeCell()
  return {
    baseline: 'flask',
    candidate: 'triton',
    batchSize,
    load,
    metric: 'p99',
    better: 'lower',
    change: { value: 0, low: -0.01, high: 0.01 },
    verdict: 'unchanged',
    pAdjusted: 1,
    why: '',
    ...changed,
  }
}

export function makeRule(changed: Partial<GateRule> = {}): GateRule {
  return { metric: 'p99', target: null, maxRegression: null, max: null, min: null, ...changed }
}

export function problem(code: CellSummary['problems'][number]['code']): CellSummary['problems'][number] {
  return { code, message: `because of ${code}`, remedy: 'mend it' }
}
