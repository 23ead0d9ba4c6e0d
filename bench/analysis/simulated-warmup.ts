// Seeded experiments on the end of the warm-up: how often a steady server is called cold, and how often a cold one is found.
import { seededRandom } from '../core/random.ts'
import { OUTCOMES, type TimeColumns } from '../load/request-columns.ts'
import type { LatencyProcess } from './simulated-latencies.ts'
import { logLevels, settlingOf, type WarmupLevels } from './warmup.ts'

export interface WarmupSetting {
  readonly process: LatencyProcess
  readonly repetitions: number
  /** Requests, evenly spaced over warm-up and window. */
  readonly inWarmup: number
  readonly inWindow: number
  /** Factor on a latency by its age: 0 at the start of the warm-up, 1 at its end, more in the window. */
  readonly slowness: (age: number) => number
  readonly cells: number
  readonly seed: number
}

export interface WarmupRates {
  /** Shares of cells. */
  readonly notSettled: number
  readonly untold: number
  /** Of those that had settled: the share of the warm-up after which they had, mean. */
  readonly settledAfter: number
  /** Share of cells that had settled, but not at once. */
  readonly late: number
}

/** As many as a measured warm-up is kept in. */
const BLOCKS = 40

export function measureWarmup(setting: WarmupSetting): WarmupRates {
  const random = seededRandom(setting.seed, `warm-up ${setting.process.name}`)
  const total = { notSettled: 0, untold: 0, settled: 0, settledAfter: 0, late: 0 }
  for (let cell = 0; cell < setting.cells; cell++) {
    const settling = settlingOf(Array.from({ length: setting.repetitions }, () => drawLevels(setting, random)))
    if (settling === null) total.untold++
    else if (settling.slowerAtEnd !== null) total.notSettled++
    else {
      total.settled++
      total.settledAfter += settling.lastSlowBlock / BLOCKS
      if (settling.lastSlowBlock > 0) total.late++
    }
  }
  return {
    notSettled: total.notSettled / setting.cells,
    untold: total.untold / setting.cells,
    settledAfter: total.settledAfter / Math.max(1, total.settled),
    late: total.late / setting.cells,
  }
}

function drawLevels(setting: WarmupSetting, random: ReturnType<typeof seededRandom>): WarmupLevels {
  const { process, inWarmup, inWindow, slowness } = setting
  const latenciesMs = process
    .draw(inWarmup + inWindow, random)
    .map((latencyMs, index) => latencyMs * slowness(index / inWarmup))
  const blocks = logLevels(columnsOf(latenciesMs.subarray(0, inWarmup)), inWarmup, BLOCKS)
  const windowBlocks = Math.max(1, Math.round((inWindow / inWarmup) * BLOCKS))
  const window = logLevels(columnsOf(latenciesMs.subarray(inWarmup)), inWindow, windowBlocks).filter(
    (level) => level !== null,
  )
  return { blocks, window: window.reduce((sum, level) => sum + level, 0) / window.length }
}

/** The nth request is due at n ns: only the order counts here. */
function columnsOf(latenciesMs: Float64Array): TimeColumns {
  const scheduledNs = Float64Array.from(latenciesMs, (_, index) => index)
  return {
    length: latenciesMs.length,
    scheduledNs,
    sentNs: scheduledNs,
    receivedNs: Float64Array.from(latenciesMs, (latencyMs, index) => index + latencyMs * 1e6),
    outcome: new Uint8Array(latenciesMs.length).fill(OUTCOMES.indexOf('ok')),
  }
}
