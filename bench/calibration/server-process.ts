// The process of the built-in servers: started by server.ts, told what to serve by its messages, ended by its parent.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Attendant } from './attendant.ts'
import { calibrationGrpcServer } from './grpc-server.ts'
import { calibrationHttpServer } from './http-server.ts'
import type { FromServer, ServerSetting, ToServer } from './server-messages.ts'

const attendants = new Map<number, Attendant>()

async function serve({ protocol, answer, behaviour }: ServerSetting): Promise<number> {
  const attendant = new Attendant(behaviour)
  const server = (protocol === 'http' ? calibrationHttpServer : calibrationGrpcServer)(answer, attendant)
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  attendants.set(port, attendant)
  return port
}

function attendantAt(port: number): Attendant {
  const attendant = attendants.get(port)
  if (attendant === undefined) throw new Error(`there is no server on port ${port}`)
  return attendant
}

async function replyTo(message: ToServer): Promise<FromServer> {
  const { kind, number } = message
  switch (kind) {
    case 'serve':
      return { kind, number, port: await serve(message.setting) }
    case 'count':
      return { kind, number, answered: attendantAt(message.port).answered }
    case 'record':
      return { kind, number, record: attendantAt(message.port).takeRecord() }
  }
}

// The parent is gone, whatever became of it: nobody needs these servers any more.
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches the whole group: the parent ends first, in its own way.
process.on('SIGINT', () => {})
process.on('message', async (message: ToServer) => {
  process.send?.(await replyTo(message))
})
