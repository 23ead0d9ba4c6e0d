// What opens a transport's sockets: plain ones, or TLS ones, whose certificates are checked and whose session is kept.
import { Socket } from 'node:net'
import { messageOf } from '../core/errors.ts'
import { TlsClient, type TlsSettings } from '../core/tls.ts'
import { nodeOptions } from '../event-loop/node-loop.ts'
import type { EventLoop, Wire, WireOptions } from '../event-loop/types.ts'

export interface Connector {
  /** What a socket emits as soon as requests can be sent. */
  readonly readyEvent: 'connect' | 'secureConnect'
  /** What stays in `writableLength` until the next turn of the event loop although the socket has taken it. */
  readonly lateBytes: number
  connect(options: WireOptions): Wire
  /** As the event loop's. */
  soon(act: () => void): void
  /** Why a socket that is ready is of no use; null if it can be used. */
  refusalOf(wire: Wire): string | null
  textOf(error: NodeJS.ErrnoException, wire: Wire): string
}

/** A TLS socket copies what it is given at once, and says a turn later that it did. */
const TLS_LATE_BYTES = 64 * 1024

export function plainConnector(loop: Pick<EventLoop, 'connect' | 'soon'>): Connector {
  return {
    readyEvent: 'connect',
    lateBytes: 0,
    connect: (options) => loop.connect(options),
    soon: (act) => loop.soon(act),
    refusalOf: () => null,
    textOf: plainTextOf,
  }
}

/** Several addresses that all refused make an error whose message is empty. */
function plainTextOf(error: NodeJS.ErrnoException): string {
  return messageOf(error) || String(error.code)
}

/** @param host of the URL, which the certificate must bear, whatever address it is found at */
export function createConnector(
  { tls, loop }: { readonly tls: TlsSettings | null; readonly loop: EventLoop },
  host: string,
  protocol: 'http/1.1' | 'h2',
): Connector {
  return tls === null ? plainConnector(loop) : createTlsConnector(new TlsClient(tls, host, protocol), loop)
}

function createTlsConnector(client: TlsClient, loop: EventLoop): Connector {
  // The last one that a server gave, for whatever connection is opened next: servers that close their connections are
  // measured as such, and not by a full handshake a request, which no client with a memory has to pay either.
  let session: Buffer | null = null
  return {
    readyEvent: 'secureConnect',
    lateBytes: TLS_LATE_BYTES,
    connect(options) {
      const socket = client.connect(session === null ? nodeOptions(options) : { ...nodeOptions(options), session })
      // Emitted once the certificate is accepted, never before.
      socket.on('session', (given) => {
        session = given
      })
      return socket
    },
    soon: (act) => loop.soon(act),
    refusalOf(socket) {
      return (socket instanceof Socket ? client.refusalOf(socket)?.text : null) ?? null
    },
    textOf(error, socket) {
      // If it was the session, the next handshake is a full one.
      session = null
      return client.explain(error, socket instanceof Socket ? socket : null)?.text ?? plainTextOf(error)
    },
  }
}
