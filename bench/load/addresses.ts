// The addresses behind a server's name: connections are spread over all that answer, as a service with several backends means it.
import { lookup } from 'node:dns/promises'
import { connect } from 'node:net'

const CONNECT_TIMEOUT_MS = 1000
/** More backends than that are reached through fewer of them. */
const MOST_ADDRESSES = 64

/**
 * @param host name or address, an IPv6 address in brackets or without
 * @returns at least one; the name itself where it cannot be resolved, so that the attempt to connect says why
 */
export async function addressesOf(host: string, port: number): Promise<readonly string[]> {
  const name = host.replace(/^\[(.*)\]$/, '$1')
  const found = await lookup(name, { all: true }).catch(() => [])
  const addresses = [...new Set(found.map(({ address }) => address))].slice(0, MOST_ADDRESSES)
  if (addresses.length < 2) return addresses.length === 0 ? [name] : addresses
  // `localhost` has two addresses, and a server often listens at one of them only.
  const listening = await Promise.all(addresses.map((address) => connects(address, port)))
  const usable = addresses.filter((_, index) => listening[index])
  return usable.length === 0 ? addresses.slice(0, 1) : usable
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_TIMEOUT_MS })
    const end = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => end(true))
    socket.once('timeout', () => end(false))
    socket.on('error', () => end(false))
  })
}

/** Which of the addresses a connection takes: each in turn, over all threads that share the load. */
export function addressFor(
  addresses: readonly string[],
  connection: number,
  share: { readonly index: number; readonly of: number },
): string {
  return addresses[(connection * share.of + share.index) % addresses.length] ?? ''
}
