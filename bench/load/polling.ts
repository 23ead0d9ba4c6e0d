// Whether load threads never sleep: what comes is read at once, and not when a sleeping core has woken up.
import type { Scenario } from '../scenario/types.ts'

/** Cores that have to be left for the servers: fewer, and a saturated server would miss the one that polls. */
const CORES_LEFT = 7

/** Whether load threads poll; each takes a whole core then. */
export function pollsOn({ polling, workers }: Pick<Scenario, 'polling' | 'workers'>, cores: number): boolean {
  if (polling === 'auto') return cores >= workers + CORES_LEFT
  return polling === 'always'
}
