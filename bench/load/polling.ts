// A load thread that never sleeps: what comes is read at once, and not when a sleeping core has woken up.
import { pauseUntil } from '../core/clock.ts'
import type { Scenario } from '../scenario/types.ts'

/** Cores that have to be left for the servers: fewer, and a saturated server would miss the one that polls. */
const CORES_LEFT = 7

/** Whether load threads poll; each takes a whole core then. */
export function pollsOn({ polling, workers }: Pick<Scenario, 'polling' | 'workers'>, cores: number): boolean {
  if (polling === 'auto') return cores >= workers + CORES_LEFT
  return polling === 'always'
}

/**
 * Turns the event loop without sleep until the returned function is called.
 * @param progress changes with every answer: while they come, no turn is put off
 */
export function startPolling(progress: () => number): () => void {
  let isOver = false
  let last = -1
  const turn = () => {
    if (isOver) return
    const now = progress()
    if (now === last) pauseUntil(Number.POSITIVE_INFINITY)
    last = now
    setImmediate(turn)
  }
  turn()
  return () => {
    isOver = true
  }
}
