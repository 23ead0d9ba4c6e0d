// The process of the built-in servers: started by server.ts, told what to serve by its messages, ended by its parent.
import { createEventLoop } from '../event-loop/create-event-loop.ts'
import { Attendant } from './attendant.ts'
import { calibrationGrpcServer } from './grpc-server.ts'
import { calibrationHttpServer } from './http-server.ts'
import { ReplyQueue } from './reply-queue.ts'
import type { FromServer, ServerSetting, ToServer } from './server-messages.ts'

const loop = createEventLoop(null)
const replies = new ReplyQueue(loop)
const attendants = new Map<number, Attendant>()

async function serve({ protocol, answer, behaviour }: ServerSetting): Promise<number> {
  const attendant = new Attendant(behaviour, loop, replies)
  const port = await loop.listen(
    (protocol === 'http' ? calibrationHttpServer : calibrationGrpcServer)(answer, attendant),
  )
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
