// Which core the server has for itself and which the client, so that neither takes the other's time.
import { readFileSync } from 'node:fs'
import { findBinary } from './find-peer.ts'

export interface Pinning {
  /** null for any core. */
  readonly server: number | null
  readonly client: number | null
  /** For the conditions of the result. */
  readonly text: string
}

export function choosePinning(): Pinning {
  if (findBinary('taskset') === null) return unpinned('there is no taskset')
  return pin(allowedCores())
}

export function pin(cores: readonly number[]): Pinning {
  const [server, client] = cores
  if (server === undefined || client === undefined) return unpinned('there is one core only')
  return { server, client, text: `server on core ${server}, client on core ${client}` }
}

function unpinned(why: string): Pinning {
  return { server: null, client: null, text: `server and client on any core, because ${why}` }
}

/** Cores that this process may use; empty where the kernel does not tell. */
function allowedCores(): number[] {
  try {
    const status = readFileSync('/proc/self/status', 'utf8')
    return parseCores(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '')
  } catch {
    return []
  }
}

/** `0-2,5` → 0, 1, 2, 5. */
export function parseCores(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number.parseFloat)
    return first <= last ? Array.from({ length: last - first + 1 }, (_, index) => first + index) : []
  })
}
