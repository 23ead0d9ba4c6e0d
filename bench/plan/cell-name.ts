// Short names of cells: `triton-grpc/b4/c8`.
import type { CellKey, LoadModel } from './types.ts'

/** Target, batch size and load; different cells of a scenario have different names. */
export function cellName({ target, batchSize, load }: CellKey): string {
  return `${target}/b${batchSize}/${loadName(load)}`
}

const MAX_IN_FLIGHT_DEFAULT = 64

/**
 * Closed: `c8` (concurrency). Open: `r200p` (requests per second; p: poisson, c: constant), `ramp50-400p`,
 * `steps50-100-400c`. What is not usual follows:
 * `x2` for two connections, `m16` for at most 16 in flight.
 */
function loadName(load: LoadModel): string {
  if (load.model === 'closed') {
    return `c${load.concurrency}${load.connections === load.concurrency ? '' : `x${load.connections}`}`
  }
  const { requestRate, profile, distribution, maxInFlight, connections } = load
  const slots = maxInFlight === MAX_IN_FLIGHT_DEFAULT ? '' : `m${maxInFlight}`
  const rates = profile === null ? `r${requestRate}` : `${profile.shape}${profile.requestRates.join('-')}`
  return `${rates}${distribution === 'poisson' ? 'p' : 'c'}${slots}${connections === maxInFlight ? '' : `x${connections}`}`
}
