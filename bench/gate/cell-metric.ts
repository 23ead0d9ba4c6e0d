// What a rule is about: one metric of one cell, which way is better, and how cell and value are named for a person.
import { loadText } from '../analysis/load-text.ts'
import type { Metric } from '../analysis/metrics.ts'
import type { CellSummary, Estimate } from '../analysis/run-document.ts'
import { formatCount, formatMs } from '../core/units.ts'

/** What a baseline keeps of a cell, and all that a rule looks at. */
export type JudgedCell = Pick<
  CellSummary,
  | 'target'
  | 'batchSize'
  | 'load'
  | 'engine'
  | 'repetitions'
  | 'latencyMs'
  | 'requestsPerSec'
  | 'inferencesPerSec'
  | 'counts'
  | 'problems'
>

export function isHigherBetter(metric: Metric): boolean {
  return metric === 'requestsPerSec' || metric === 'inferencesPerSec'
}

/** null where too few samples carry it, and for anything that is no finite number in its order. */
export function estimateOf(cell: JudgedCell, metric: Exclude<Metric, 'errorRate'>): Estimate | null {
  // A cell that sent requests of which none was answered well has a true throughput of 0; one that sent none has none.
  if (cell.counts.sent === 0) return null
  const found = metric === 'requestsPerSec' || metric === 'inferencesPerSec' ? cell[metric] : cell.latencyMs[metric]
  return found !== null && isOrdered(found) ? found : null
}

/** False for NaN, too. */
export function isOrdered({ value, low, high }: Estimate): boolean {
  return low <= value && value <= high && Number.isFinite(low) && Number.isFinite(high)
}

/** `triton-grpc, batch 4, concurrency 8` */
export function nameOf({ target, batchSize, load }: Pick<JudgedCell, 'target' | 'batchSize' | 'load'>): string {
  return `${target}, batch ${batchSize}, ${loadText(load)}`
}

/** A metric's value with its unit. */
export function textOf(metric: Metric, value: number): string {
  if (metric === 'errorRate') return percentText(value)
  return isHigherBetter(metric) ? `${formatCount(value)}/s` : formatMs(value)
}

export function percentText(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(3))} %`
}
