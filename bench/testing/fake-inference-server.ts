// A real server on 127.0.0.1 whose model, latency and faults are known: what tests of the load path are held against.
import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { fakeGrpcServer } from './fake-grpc.ts'
import { fakeHttpServer } from './fake-http.ts'
import { FakeInference, type FakeServerOptions } from './fake-inference.ts'

export type { FakeServerOptions } from './fake-inference.ts'

export interface FakeServer {
  /** `http://127.0.0.1:port`: Flask's API and KServe v2. */
  readonly url: string
  /** `127.0.0.1:port` */
  readonly grpcAddress: string
  /** Inferences asked for so far, over every API. */
  requests(): number
  /** Connections accepted so far, over both protocols. */
  connections(): number
  close(): Promise<void>
}

export async function startFakeServer(options: FakeServerOptions = {}): Promise<FakeServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  const stop = () => {
    for (const server of servers) server.close()
    for (const socket of sockets) socket.destroy()
  }
  const inference = new FakeInference(options, stop)
  const http = fakeHttpServer(inference)
  const grpc = fakeGrpcServer(inference)
  const servers: readonly Server[] = [http, grpc]
  for (const server of servers) {
    server.on('connection', (socket: Socket) => {
      connections++
      inference.connectedAtMs = performance.now()
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
  }
  await Promise.all([http, grpc].map(listen))
  return {
    url: `http://127.0.0.1:${portOf(http)}`,
    grpcAddress: `127.0.0.1:${portOf(grpc)}`,
    requests: () => inference.requests,
    connections: () => connections,
    async close() {
      const closed = servers.filter((server) => server.listening).map((server) => once(server, 'close'))
      stop()
      await Promise.all(closed)
    },
  }
}

async function listen(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
