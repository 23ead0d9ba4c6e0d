// The load thread: holds one session at a time and does nothing else, so that nothing runs between two requests.
import { parentPort } from 'node:worker_threads'
import { openSession } from './sessions.ts'
import type { LoadSession } from './types.ts'
import type { Command, CommandValue, Reply } from './worker-messages.ts'

const port = parentPort
if (port === null) throw new Error('this file is the load worker: it is started by load-thread.ts')

let session: LoadSession | null = null
let abortion = new AbortController()

const reply = (message: Reply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

async function obey(command: Extract<Command, { number: number }>): Promise<CommandValue> {
  switch (command.kind) {
    case 'open':
      if (abortion.signal.aborted) abortion = new AbortController()
      session = await openSession(command.job, abortion.signal)
      return null
    case 'probe':
      return opened(session).probe(command.request)
    case 'run':
      return opened(session).run(command.phase, {
        onProgress: (progress) => reply({ kind: 'progress', progress }),
        // The columns of a chunk lie in one buffer.
        onRecords: (records) => reply({ kind: 'records', records }, [records.outcome.buffer]),
      })
    case 'close':
      await session?.close()
      session = null
      return null
  }
}

function opened(current: LoadSession | null): LoadSession {
  if (current === null) throw new Error('no session is open')
  return current
}

port.on('message', async (command: Command) => {
  if (command.kind === 'abort') return abortion.abort()
  // Nothing else keeps the thread: without the port its loop runs empty.
  if (command.kind === 'end') return port.close()
  const { number } = command
  try {
    reply({ kind: 'done', number, value: await obey(command) })
  } catch (error) {
    reply({ kind: 'failed', number, error })
  }
})
