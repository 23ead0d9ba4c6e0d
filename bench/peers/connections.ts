// How many TCP connections a server of this machine has, as the kernel counts them.
import { readFileSync } from 'node:fs'

const ESTABLISHED = '01'

/** `null` where there is no /proc. Of IPv4 alone, where the null servers listen. */
export function countConnections(port: number): number | null {
  try {
    return connectionsIn(readFileSync('/proc/net/tcp', 'utf8'), port)
  } catch {
    return null
  }
}

/** Rows of the server's end: `sl local_address remote_address state …`, addresses as `0100007F:AB12`. */
export function connectionsIn(table: string, port: number): number {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(end) === true && state === ESTABLISHED).length
}
