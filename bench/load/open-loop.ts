// Open loop: requests are sent when they are due, whether or not earlier ones have been answered.
import { nowNs } from '../core/clock.ts'
import type { PhaseRun } from './phase-run.ts'

/**
 * Timers of Node are late by up to about a millisecond, so the last stretch before a due time is polled with
 * setImmediate. That turns the event loop without pause: the generator uses its whole core while the gap between two
 * requests is shorter than this.
 */
const POLL_NS = 1.5e6

/** A request that goes out later than this after its due time is counted as delayed. */
const DELAYED_NS = 1e6

export interface OpenLoopCounts {
  readonly dropped: number
  readonly delayed: number
}

/**
 * Resolves when every request that was due within the window is answered.
 * @param nextDueNs ascending due times, ns from the start of the phase
 */
export function runOpenLoop(
  run: PhaseRun,
  lanes: number,
  durationMs: number,
  nextDueNs: () => number,
): Promise<OpenLoopCounts> {
  const endNs = run.startNs + durationMs * 1e6
  const free = Int32Array.from({ length: lanes }, (_, lane) => lanes - 1 - lane)
  let freeCount = lanes
  let dropped = 0
  let delayed = 0
  let dueNs = run.startNs + nextDueNs()
  return new Promise((resolve) => {
    const finishIfIdle = () => {
      if (dueNs >= endNs && run.inFlight === 0) resolve({ dropped, delayed })
    }
    run.onFree = (lane) => {
      free[freeCount++] = lane
      finishIfIdle()
    }
    const tick = () => {
      let atNs = nowNs()
      while (dueNs <= atNs && dueNs < endNs) {
        if (freeCount === 0) dropped++
        else {
          if (atNs - dueNs > DELAYED_NS) delayed++
          run.send(free[--freeCount] ?? 0, dueNs, atNs)
          atNs = nowNs()
        }
        dueNs = run.startNs + nextDueNs()
      }
      if (dueNs >= endNs) finishIfIdle()
      else if (dueNs - atNs > 2 * POLL_NS) setTimeout(tick, (dueNs - atNs - POLL_NS) / 1e6)
      else setImmediate(tick)
    }
    tick()
  })
}
