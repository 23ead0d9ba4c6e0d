// Whether anything listens at an address, with a TLS handshake where it has one.
import { connect } from 'node:net'
import { TlsClient, type TlsSettings } from '../core/tls.ts'

const TIMEOUT_MS = 2000

/**
 * @param address `http://host:port`, `https://host:port` or `host:port`, an IPv6 host in brackets
 * @param alpn what is spoken over TLS
 * @returns why there is no connection; null where there is one
 */
export function whyNoConnection(
  address: string,
  tls: TlsSettings | null,
  alpn: 'h2' | 'http/1.1',
): Promise<Error | null> {
  const { hostname, port, protocol } = new URL(address.includes('://') ? address : `tcp://${address}`)
  const client = protocol === 'https:' && tls !== null ? new TlsClient(tls, hostname, alpn) : null
  const defaultPort = protocol === 'https:' ? 443 : 80
  const options = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || defaultPort), timeout: TIMEOUT_MS }
  return new Promise((resolve) => {
    const socket = client === null ? connect(options) : client.connect(options)
    const end = (error: Error | null) => {
      socket.destroy()
      resolve(error)
    }
    socket.once(client === null ? 'connect' : 'secureConnect', () => end(client?.refusalOf(socket) ?? null))
    // Later ones as well: a destroyed socket may still have one to tell.
    socket.on('error', (error) => end(client?.explain(error, socket) ?? error))
    socket.once('timeout', () => end(new Error(`no connection within ${TIMEOUT_MS / 1000} s`)))
  })
}
