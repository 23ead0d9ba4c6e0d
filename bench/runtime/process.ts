// Starts a program in a process group of its own, logged to a file and registered, and ends it with all that it started.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { BenchError } from '../core/errors.ts'
import { readProcess } from '../core/proc-stat.ts'
import { endProcesses, removeTraces } from './end-process.ts'
import { readLogTail } from './log-tail.ts'
import { watchProcessTree } from './process-tree.ts'
import { environmentMark, ownProcess, type RegisterEntry, removeEntry, writeEntry } from './register.ts'
import type { ResourceReading, RunningServer } from './types.ts'

export interface Program {
  /** The server's name: of its log file and in every message. */
  readonly name: string
  readonly command: string
  /** Given the id of this start, which is part of what the program names (shared memory). */
  readonly args: (id: string) => readonly string[]
  /** The whole environment; nothing is inherited beside it. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly logDir: string
  readonly stateDir: string
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs: number
}

export interface StartedProcess {
  readonly name: string
  readonly pid: number
  readonly startTicks: number
  readonly logPath: string
  readonly death: RunningServer['death']
  /** Settles when it has exited. */
  readonly ended: Promise<unknown>
  resources(): ResourceReading | null
  logTail(lines: number): readonly string[]
  /** Registers an empty temporary folder of the program, to be removed if it has to be killed. */
  ownsTemporaryDir(path: string): void
  stop(): Promise<void>
}

const TAIL_LINES = 20

/** @throws BenchError `program-not-startable` */
export async function startProcess(program: Program): Promise<StartedProcess> {
  const id = randomBytes(6).toString('hex')
  const args = program.args(id)
  let entry: RegisterEntry = {
    id,
    name: program.name,
    command: [program.command, ...args].join(' '),
    owner: ownProcess(),
    leader: null,
    temporaryDirs: [],
  }
  const update = (change: Partial<RegisterEntry>) => {
    entry = { ...entry, ...change }
    writeEntry(program.stateDir, entry)
  }
  // Before the start: whatever happens to us in between, the mark in its environment finds it.
  update({})
  const logPath = join(program.logDir, `${program.name}.log`)
  const child = await spawnLogged(program, args, { logPath, id }).catch((error: unknown) => {
    removeEntry(program.stateDir, entry)
    throw error
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const leader = { pid: child.pid, startTicks: readProcess(child.pid)?.startTicks ?? 0 }
  update({ leader })
  const readTree = watchProcessTree(leader)
  let stopping: Promise<void> | null = null
  const stop = async () => {
    await endProcesses(entry, program.graceMs)
    removeTraces(entry)
    removeEntry(program.stateDir, entry)
  }
  return {
    name: program.name,
    ...leader,
    logPath,
    death: () => {
      const how = endOf(child)
      return how === null ? null : { reason: `${program.name} ${how}`, logTail: readLogTail(logPath, TAIL_LINES) }
    },
    ended,
    resources: readTree,
    logTail: (lines) => readLogTail(logPath, lines),
    ownsTemporaryDir: (path) => update({ temporaryDirs: [...entry.temporaryDirs, path] }),
    stop: () => {
      stopping ??= stop()
      return stopping
    },
  }
}

async function spawnLogged(
  program: Program,
  args: readonly string[],
  { logPath, id }: { readonly logPath: string; readonly id: string },
): Promise<ChildProcess & { readonly pid: number }> {
  mkdirSync(program.logDir, { recursive: true })
  const log = openSync(logPath, 'w')
  const mark = environmentMark(id)
  try {
    const child = spawn(program.command, args, {
      cwd: program.cwd,
      env: { ...program.env, [mark.name]: mark.value },
      stdio: ['ignore', log, log],
      // A session and group of its own: Ctrl-C in the terminal reaches us alone, and we end it in order.
      detached: true,
    })
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    return child as ChildProcess & { readonly pid: number }
  } catch (error) {
    throw new BenchError({
      kind: 'environment',
      code: 'program-not-startable',
      message: `cannot start ${program.command}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
      place: `server ${program.name}`,
      hint: 'dyno doctor',
      cause: error,
    })
  } finally {
    closeSync(log)
  }
}

/** `null` while it runs. */
function endOf(child: ChildProcess): string | null {
  if (child.signalCode === 'SIGKILL') return 'was killed by SIGKILL (is the machine out of memory?)'
  if (child.signalCode !== null) return `was ended by ${child.signalCode}`
  return child.exitCode === null ? null : `exited with code ${child.exitCode}`
}
