// Starts built-in servers in a process of their own, so that their time is not the generator's, and asks them for their account.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS } from '../core/node-flags.ts'
import type { ServerRecord } from './attendant.ts'
import type { FromServer, ServerSetting, ToServer } from './server-messages.ts'

export interface CalibrationServer {
  /** `http://127.0.0.1:port` or `127.0.0.1:port`. */
  readonly address: string
  /** Requests answered so far. */
  answered(): Promise<number>
  /** Arrivals and answers since the last call; empty for a null server. */
  takeRecord(): Promise<ServerRecord>
}

/** A process that holds any number of built-in servers. */
export interface CalibrationHost {
  serve(setting: ServerSetting): Promise<CalibrationServer>
  /** Ends it with all of its servers. */
  close(): Promise<void>
}

/**
 * @param cpu core that the process is pinned to; null for any. Needs `taskset`.
 * @throws Error when the process ends before it listens (no `taskset`, no such core)
 */
export async function startCalibrationHost(cpu: number | null): Promise<CalibrationHost> {
  const child = forkHost(cpu)
  const ended = endOf(child)
  const waiting = new Map<number, (reply: FromServer) => void>()
  child.on('message', (reply: FromServer) => {
    waiting.get(reply.number)?.(reply)
    waiting.delete(reply.number)
  })
  let number = 0
  const ask = async <Kind extends FromServer['kind']>(question: Unnumbered<ToServer> & { kind: Kind }) => {
    const { promise, resolve, reject } = Promise.withResolvers<FromServer>()
    waiting.set(++number, resolve)
    child.send({ ...question, number }, (error) => error && reject(error))
    return (await Promise.race([promise, ended])) as Extract<FromServer, { kind: Kind }>
  }
  return {
    async serve(setting) {
      const { port } = await ask({ kind: 'serve', setting })
      return {
        address: setting.protocol === 'http' ? `http://127.0.0.1:${port}` : `127.0.0.1:${port}`,
        answered: async () => (await ask({ kind: 'count', port })).answered,
        takeRecord: async () => (await ask({ kind: 'record', port })).record,
      }
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}

/** One server in a process of its own. */
export async function startCalibrationServer({
  cpu,
  ...setting
}: ServerSetting & { readonly cpu: number | null }): Promise<CalibrationServer & Pick<CalibrationHost, 'close'>> {
  const host = await startCalibrationHost(cpu)
  return { ...(await host.serve(setting)), close: () => host.close() }
}

type Unnumbered<T> = T extends { readonly number: number } ? Omit<T, 'number'> : never

function forkHost(cpu: number | null): ChildProcess {
  // Source files are .ts, built ones .js: the process's file lies beside this one either way.
  const file = fileURLToPath(new URL(`./server-process${extname(import.meta.url)}`, import.meta.url))
  const node =
    cpu === null
      ? { execArgv: [...NODE_FLAGS] }
      : { execPath: 'taskset', execArgv: ['-c', String(cpu), process.execPath, ...NODE_FLAGS] }
  return fork(file, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'], ...node })
}

/** Rejects when the process ends, or cannot be started. */
function endOf(child: ChildProcess): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  child.once('error', reject)
  child.once('exit', (code, signal) =>
    reject(new Error(`the calibration server ended with ${signal ?? `code ${code}`}`)),
  )
  // It ends in any case, after everybody has stopped listening.
  promise.catch(() => {})
  return promise
}
