// What the server, the machine and the client said in each repetition → one account of the cell.
import { weightedQuantile } from '../core/weighted-quantile.ts'
import type { ConnectTimes } from '../load/types.ts'
import type { Measurement, ServerStatistics } from '../measurement/types.ts'
import type { CellSummary, Floor } from './run-document.ts'

type Weighted = readonly { readonly value: number | null; readonly weight: number }[]

/** null when nothing was told, or what was told has no weight. */
function weightedMean(entries: Weighted): number | null {
  let sum = 0
  let weights = 0
  for (const { value, weight } of entries) {
    if (value === null || !(weight > 0)) continue
    sum += value * weight
    weights += weight
  }
  return weights > 0 ? sum / weights : null
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

/** Means per request are weighted by requests, the executed batch by executions. */
export function combineServer(measurements: readonly Measurement[]): CellSummary['server'] {
  const told = measurements.flatMap(({ server }) => (server === null ? [] : [server]))
  const perRequest = (read: (statistics: ServerStatistics) => number | null) =>
    weightedMean(told.map((statistics) => ({ value: read(statistics), weight: statistics.requests })))
  return {
    requests: told.length === 0 ? null : total(told.map(({ requests }) => requests)),
    failures: told.length === 0 ? null : total(told.map(({ failures }) => failures)),
    queueMs: perRequest(({ queueMs }) => queueMs),
    computeInputMs: perRequest(({ computeInputMs }) => computeInputMs),
    computeInferMs: perRequest(({ computeInferMs }) => computeInferMs),
    computeOutputMs: perRequest(({ computeOutputMs }) => computeOutputMs),
    meanExecutedBatch: weightedMean(
      told.map(({ meanExecutedBatch, executions }) => ({ value: meanExecutedBatch, weight: executions })),
    ),
  }
}

/** CPU over all windows; memory is the largest reading. */
export function combineResources(measurements: readonly Measurement[]): CellSummary['resources'] {
  const memory = measurements.flatMap(({ resources }) =>
    resources.memoryBytes === null ? [] : [resources.memoryBytes],
  )
  const gpus = measurements.flatMap(({ resources, windowNs }) =>
    resources.gpu === null ? [] : [{ ...resources.gpu, weight: windowNs }],
  )
  const utilisation = weightedMean(gpus.map(({ utilisation: value, weight }) => ({ value, weight })))
  return {
    cpuFraction: weightedMean(
      measurements.map(({ resources, windowNs }) => ({ value: resources.cpuFraction, weight: windowNs })),
    ),
    throttledFraction: weightedMean(
      measurements.map(({ resources, windowNs }) => ({ value: resources.throttledFraction, weight: windowNs })),
    ),
    memoryBytes: memory.length === 0 ? null : Math.max(...memory),
    gpu:
      utilisation === null
        ? null
        : {
            utilisation,
            memoryBytes: Math.max(...gpus.map(({ memoryBytes }) => memoryBytes)),
            powerWatts: weightedMean(gpus.map(({ powerWatts: value, weight }) => ({ value, weight }))),
            smClockMHz: weightedMean(gpus.map(({ smClockMHz: value, weight }) => ({ value, weight }))),
          },
  }
}

/** The event loop's delay is of the worst repetition: percentiles are not averaged. */
export function combineClient(
  measurements: readonly Measurement[],
  answered: number,
  floor: Floor | null,
): CellSummary['client'] {
  const measured = measurements.filter(({ windowNs }) => windowNs > 0)
  const polled = measured.some(({ client }) => client.polled)
  const cpuMs = total(measured.map(({ client }) => client.cpuMs))
  return {
    threads: Math.max(0, ...measured.map(({ client }) => client.threads)),
    polled,
    cpuUsPerRequest: answered > 0 && !polled ? (cpuMs * 1e3) / answered : null,
    cpuFraction: weightedMean(
      measured.map(({ client, windowNs }) => ({ value: client.cpuFraction, weight: windowNs })),
    ),
    eventLoopDelayP99Ms:
      measured.length === 0 ? null : Math.max(...measured.map(({ client }) => client.eventLoopDelayP99Ms)),
    bytesSent: total(measured.map(({ client }) => client.bytesSent)),
    bytesReceived: total(measured.map(({ client }) => client.bytesReceived)),
    floor,
  }
}

/** From the times of all repetitions together; of runs that kept percentiles only, those of the slowest one. */
export function combineConnects(measurements: readonly Measurement[]): CellSummary['connects'] {
  const all = measurements.map(({ connects }) => connects).filter(({ made }) => made > 0)
  const made = total(all.map((connects) => connects.made))
  if (all.some(({ tookMs }) => tookMs.length === 0)) {
    const slowest = (read: (connects: ConnectTimes) => number | null) =>
      all.map(read).reduce<number | null>((most, ms) => (ms === null ? most : Math.max(most ?? 0, ms)), null)
    return { made, p50Ms: slowest(({ p50Ms }) => p50Ms), p99Ms: slowest(({ p99Ms }) => p99Ms) }
  }
  const kept = all.map((connects) => ({ values: connects.tookMs, count: connects.made }))
  return { made, p50Ms: weightedQuantile(kept, 0.5), p99Ms: weightedQuantile(kept, 0.99) }
}
