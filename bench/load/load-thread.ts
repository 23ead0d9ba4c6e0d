// One load thread as the main thread sees it: the same LoadSession, run elsewhere.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { sleep } from '../core/clock.ts'
import type { LoadJob, LoadSession, PhaseListener, PhaseResult, ProbeAnswer } from './types.ts'
import type { Command, CommandValue, Reply } from './worker-messages.ts'

export interface LoadThread {
  /** One session at a time: close it before the next is opened. */
  open(job: LoadJob, signal: AbortSignal): Promise<LoadSession>
  close(): Promise<void>
}

type Unnumbered<T> = T extends { readonly number: number } ? Omit<T, 'number'> : never

interface Waiting {
  readonly resolve: (value: CommandValue) => void
  readonly reject: (error: unknown) => void
}

/** A thread that has nothing left to do ends in a few milliseconds. */
const GRACE_MS = 2000

const NOBODY: PhaseListener = { onProgress() {}, onRecords() {} }

export function startLoadThread(): LoadThread {
  // Source files are .ts, built ones .js: the worker lies beside this file either way.
  const worker = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url))
  const waiting = new Map<number, Waiting>()
  let listener = NOBODY
  let number = 0
  const failAll = (error: unknown) => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.on('error', failAll)
  const ended = new Promise<'ended'>((resolve) => {
    worker.on('exit', (code) => {
      failAll(new Error(`the load worker ended with code ${code}`))
      resolve('ended')
    })
  })
  worker.on('message', (message: Reply) => {
    if (message.kind === 'progress') return listener.onProgress(message.progress)
    if (message.kind === 'records') return listener.onRecords(message.records)
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
        probe: async (request = {}) => (await tell({ kind: 'probe', request })) as readonly (ProbeAnswer | null)[],
        async run(phase, phaseListener) {
          listener = phaseListener
          return (await tell({ kind: 'run', phase })) as PhaseResult
        },
        async close() {
          signal.removeEventListener('abort', abort)
          await tell({ kind: 'close' })
        },
      }
    },
    async close() {
      worker.postMessage({ kind: 'end' } satisfies Command)
      const waited = new AbortController()
      const end = await Promise.race([ended, sleep(GRACE_MS, waited.signal)])
      waited.abort()
      // The last resort: V8 has crashed when a thread was torn down in the middle of its work.
      if (end !== 'ended') await worker.terminate()
    },
  }
}
