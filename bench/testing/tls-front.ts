// TLS in front of a plain server on 127.0.0.1: what makes any of the fake servers an https one.
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { Certificates } from './certificates.ts'

export interface TlsFront {
  readonly port: number
  /** Connections whose handshake succeeded, and how many of them resumed an earlier session. */
  handshakes(): { readonly all: number; readonly resumed: number }
  /** Names that clients asked for (SNI), one a connection; false where none was. */
  readonly names: (string | false)[]
  close(): Promise<void>
}

/** @param alpn protocols that it chooses from; null if it knows no ALPN */
export async function startTlsFront(
  { keyPem, certPem }: Pick<Certificates, 'keyPem' | 'certPem'>,
  toPort: number,
  alpn: readonly string[] | null,
  ownPort = 0,
): Promise<TlsFront> {
  const sockets = new Set<Socket>()
  const names: (string | false)[] = []
  let all = 0
  let resumed = 0
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const options = { key: keyPem, cert: certPem, ...(alpn === null ? {} : { ALPNProtocols: [...alpn] }) }
  const server = createServer(options, (front: TLSSocket) => {
    all++
    if (front.isSessionReused()) resumed++
    names.push((front as TLSSocket & { servername: string | false }).servername)
    const back = connect({ port: toPort, host: '127.0.0.1', noDelay: true })
    for (const socket of [front, back]) track(socket)
    front.setNoDelay(true)
    front.pipe(back)
    back.pipe(front)
    front.on('close', () => back.destroy())
    back.on('close', () => front.destroySoon())
  })
  server.on('tlsClientError', () => {})
  server.listen(ownPort, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    handshakes: () => ({ all, resumed }),
    names,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
