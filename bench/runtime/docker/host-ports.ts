// The ports of a container: on the bridge the engine finds free ones, on the host network dyno has to.
import type { ContainerSpec } from '../../scenario/types.ts'
import { withPorts } from '../ports.ts'

interface Wanted {
  readonly network: ContainerSpec['network']
  readonly wanted: readonly number[] | null
  readonly count: number
}

/** @throws BenchError `port-taken`, `port-forbidden` for wanted ports, before anything is started */
export function withContainerPorts<T>(
  { network, wanted, count }: Wanted,
  start: (ports: readonly (number | null)[]) => Promise<T>,
): Promise<T> {
  if (wanted === null && network !== 'host') return start(new Array<null>(count).fill(null))
  return withPorts(wanted, count, start)
}
