// A load generator as a process: started in a folder of its own, watched with all that it starts, ended with all of it.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import { readProcess } from '../core/proc-stat.ts'
import { watchProcessTree } from '../runtime/process-tree.ts'

export interface ClientStart {
  readonly binary: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** It runs here, and what it prints lies here as `stdout` and `stderr`. */
  readonly folder: string
  /** Core that it is pinned to; null for any. */
  readonly cpu: number | null
}

export interface ClientProcess {
  /** CPU time of the client and all its children, ended ones included; `null` once it has ended. */
  cpuSeconds(): number | null
  /** How it ended: an exit code, or in words; `null` while it runs. */
  end(): number | string | null
  /** Settles when it has ended. */
  readonly ended: Promise<unknown>
  stdout(): string
  /** The end of what it printed, for a message. */
  lastWords(): string
  stop(): Promise<void>
}

const GRACE_MS = 2000
const MAX_STDOUT_BYTES = 16 * 1024 * 1024
const TAIL_BYTES = 4096
const MAX_WORDS = 300

export function startClient({ binary, args, env, folder, cpu }: ClientStart): ClientProcess {
  const [command, ...rest] = cpu === null ? [binary, ...args] : ['taskset', '-c', `${cpu}`, binary, ...args]
  const files = ['stdout', 'stderr'].map((name) => openSync(join(folder, name), 'w'))
  const child = spawn(command ?? binary, rest, {
    cwd: folder,
    env,
    // A group of its own, so that it can be ended with its children.
    detached: true,
    stdio: ['ignore', files[0] ?? 'ignore', files[1] ?? 'ignore'],
  })
  for (const file of files) closeSync(file)
  let end: number | string | null = null
  const ended = new Promise<void>((resolve) => {
    const finish = (how: number | string) => {
      end ??= how
      resolve()
    }
    child.once('error', (error) => finish(messageOf(error)))
    child.once('exit', (code, signal) => finish(code ?? `signal ${signal}`))
  })
  const pid = child.pid
  const startTicks = pid === undefined ? undefined : readProcess(pid)?.startTicks
  const read = pid === undefined || startTicks === undefined ? () => null : watchProcessTree({ pid, startTicks })
  return {
    cpuSeconds: () => (end === null ? (read()?.cpuSeconds ?? null) : null),
    end: () => end,
    ended,
    stdout: () => readStart(join(folder, 'stdout')),
    lastWords: () => lastLine(join(folder, 'stderr')) ?? lastLine(join(folder, 'stdout')) ?? 'it said nothing',
    stop: () => stop(child, ended),
  }
}

async function stop({ pid }: ChildProcess, ended: Promise<void>): Promise<void> {
  if (pid === undefined) return
  signalGroup(pid, 'SIGTERM')
  await Promise.race([ended, sleep(GRACE_MS)])
  // Whatever is left of the group, also when its leader went.
  signalGroup(pid, 'SIGKILL')
  await ended
}

function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** @throws Error for more than any report of a tool is long */
function readStart(path: string): string {
  if (statSync(path).size > MAX_STDOUT_BYTES) throw new Error(`it printed more than ${MAX_STDOUT_BYTES} bytes`)
  return readFileSync(path, 'utf8')
}

/** The last line that speaks of an error, or else the last one: under an error there may be a stack. */
function lastLine(path: string): string | null {
  const bytes = Buffer.alloc(TAIL_BYTES)
  const size = statSync(path).size
  const file = openSync(path, 'r')
  const read = readSync(file, bytes, 0, TAIL_BYTES, Math.max(0, size - TAIL_BYTES))
  closeSync(file)
  const lines = bytes.toString('utf8', 0, read).trim().split('\n')
  const line = (lines.findLast((text) => /error|fail/i.test(text)) ?? lines.at(-1))?.trim()
  return line === undefined || line === '' ? null : line.slice(0, MAX_WORDS)
}
