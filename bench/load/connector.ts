// What opens a transport's sockets: plain ones, or TLS ones, whose certificates are checked and whose session is kept.
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import { messageOf } from '../core/errors.ts'
import { TlsClient, type TlsSettings } from '../core/tls.ts'

export interface Connector {
  /** What a socket emits as soon as requests can be sent. */
  readonly readyEvent: 'connect' | 'secureConnect'
  /** What stays in `writableLength` until the next turn of the event loop although the socket has taken it. */
  readonly lateBytes: number
  connect(options: TcpNetConnectOpts): Socket
  /** Why a socket that is ready is of no use; `null`: it can be used. */
  refusalOf(socket: Socket): string | null
  textOf(error: NodeJS.ErrnoException, socket: Socket): string
}

/** A TLS socket copies what it is given at once, and says a turn later that it did. */
const TLS_LATE_BYTES = 64 * 1024

export const PLAIN_CONNECTOR: Connector = {
  readyEvent: 'connect',
  lateBytes: 0,
  connect,
  refusalOf: () => null,
  // Several addresses that all refused make an error whose message is empty.
  textOf: (error) => messageOf(error) || String(error.code),
}

/** @param host of the URL, which the certificate must bear, whatever address it is found at */
export function createConnector(tls: TlsSettings | null, host: string, protocol: 'http/1.1' | 'h2'): Connector {
  return tls === null ? PLAIN_CONNECTOR : createTlsConnector(new TlsClient(tls, host, protocol))
}

function createTlsConnector(client: TlsClient): Connector {
  // The last one that a server gave, for whatever connection is opened next: servers that close their connections are
  // measured as such, and not by a full handshake a request, which no client with a memory has to pay either.
  let session: Buffer | null = null
  return {
    readyEvent: 'secureConnect',
    lateBytes: TLS_LATE_BYTES,
    connect(options) {
      const socket = client.connect(session === null ? options : { ...options, session })
      // Emitted once the certificate is accepted, never before.
      socket.on('session', (given) => {
        session = given
      })
      return socket
    },
    refusalOf(socket) {
      return client.refusalOf(socket)?.text ?? null
    },
    textOf(error, socket) {
      // If it was the session, the next handshake is a full one.
      session = null
      return client.explain(error, socket)?.text ?? PLAIN_CONNECTOR.textOf(error, socket)
    },
  }
}
