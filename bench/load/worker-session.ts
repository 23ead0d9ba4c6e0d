// The main thread's side of the load worker: the same LoadSession, run in a thread of its own.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { LoadJob, LoadSession, PhaseProgress, PhaseResult, ProbeAnswer } from './types.ts'
import type { Command, CommandValue, Reply } from './worker-messages.ts'

export interface LoadWorker {
  /** One session at a time: close it before the next is opened. */
  open(job: LoadJob, signal: AbortSignal): Promise<LoadSession>
  close(): Promise<void>
}

type Unnumbered<T> = T extends { readonly number: number } ? Omit<T, 'number'> : never

interface Waiting {
  readonly resolve: (value: CommandValue) => void
  readonly reject: (error: unknown) => void
}

/** Starting a thread takes tens of milliseconds, so one serves all trials of a run. */
export function startLoadWorker(): LoadWorker {
  // Source files are .ts, built ones .js: the worker lies beside this file either way.
  const worker = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url))
  const waiting = new Map<number, Waiting>()
  let onProgress: (progress: PhaseProgress) => void = () => {}
  let number = 0
  const failAll = (error: unknown) => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.on('error', failAll)
  worker.on('exit', (code) => failAll(new Error(`the load worker ended with code ${code}`)))
  worker.on('message', (message: Reply) => {
    if (message.kind === 'progress') return onProgress(message.progress)
    const waiter = waiting.get(message.number)
    waiting.delete(message.number)
    if (message.kind === 'done') waiter?.resolve(message.value)
    else waiter?.reject(message.error)
  })
  const tell = (command: Unnumbered<Command>) =>
    new Promise<CommandValue>((resolve, reject) => {
      waiting.set(++number, { resolve, reject })
      worker.postMessage({ ...command, number })
    })
  return {
    async open(job, signal) {
      await tell({ kind: 'open', job })
      const abort = () => worker.postMessage({ kind: 'abort' } satisfies Command)
      if (signal.aborted) abort()
      signal.addEventListener('abort', abort, { once: true })
      return {
        probe: async () => (await tell({ kind: 'probe' })) as readonly ProbeAnswer[],
        async run(phase, listener) {
          onProgress = listener
          return (await tell({ kind: 'run', phase })) as PhaseResult
        },
        async close() {
          signal.removeEventListener('abort', abort)
          await tell({ kind: 'close' })
        },
      }
    },
    async close() {
      await worker.terminate()
    },
  }
}
