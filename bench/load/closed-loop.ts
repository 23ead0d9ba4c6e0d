// Closed loop: every lane sends its next request as soon as its last one is answered, until the window ends.
import { nowNs } from '../core/clock.ts'
import type { PhaseRun } from './phase-run.ts'

/** Resolves when the window is over and nothing is in flight. */
export function runClosedLoop(run: PhaseRun, lanes: number, durationMs: number): Promise<void> {
  const endNs = run.startNs + durationMs * 1e6
  return new Promise((resolve) => {
    run.onFree = (lane, atNs) => {
      if (atNs < endNs) run.send(lane, atNs, atNs)
      else if (run.inFlight === 0) resolve()
    }
    for (let lane = 0; lane < lanes; lane++) {
      const atNs = nowNs()
      run.send(lane, atNs, atNs)
    }
  })
}
