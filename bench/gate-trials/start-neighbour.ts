// Starts the noisy neighbour as a stranger: to what watches the machine during a run it is somebody else's program.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('neighbour.ts', import.meta.url))

export interface Neighbour {
  readonly pid: number
  /** False once it has ended, for whatever reason. */
  isRunning(): boolean
  /** Returns when it is gone. */
  close(): Promise<void>
}

/**
 * The shell ends at once, so that its child is no descendant of this process, and `detached` takes it out of this
 * process's group: both would make its load part of what is measured. What is left between them is the pipe.
 */
export async function startNeighbour(seed: number): Promise<Neighbour> {
  const shell = spawn('sh', ['-c', '"$@" &', 'sh', process.execPath, PROGRAM, String(seed)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  })
  const pipe = shell.stdio[3]
  if (!(pipe instanceof Socket)) throw new Error('the neighbour has no pipe')
  const closed = once(pipe, 'close')
  const [[pid]] = await Promise.all([once(pipe, 'data'), once(shell, 'exit')])
  pipe.resume()
  return {
    pid: Number(pid),
    isRunning: () => !pipe.closed,
    close: async () => {
      pipe.end()
      await closed
    },
  }
}
