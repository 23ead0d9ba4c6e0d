// The metrics of a cell that are compared and that rules are about.
export const METRICS = [
  'p50',
  'p90',
  'p95',
  'p99',
  'p999',
  'mean',
  'requestsPerSec',
  'inferencesPerSec',
  'errorRate',
] as const

export type Metric = (typeof METRICS)[number]
