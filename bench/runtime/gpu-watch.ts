// What the GPUs do while a server uses them: one nvidia-smi that tells it every second, instead of one for each look.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { GpuReading } from './types.ts'

export interface GpuWatch {
  /** `null` until nvidia-smi has told something. */
  latest(): GpuReading | null
  stop(): void
}

/** nvidia-smi --help-query-gpu: %, MiB, W, MHz; `[N/A]` where a board does not tell. */
const QUERY = 'index,utilization.gpu,memory.used,power.draw,clocks.sm'
const EVERY_MS = 1000
const MIB = 1024 ** 2

/** Tells nothing, for ever, where there is no nvidia-smi. */
export function watchGpus(env: Readonly<Record<string, string | undefined>>): GpuWatch {
  const args = [`--query-gpu=${QUERY}`, '--format=csv,noheader,nounits', `--loop-ms=${EVERY_MS}`]
  const child = spawn('nvidia-smi', args, { env, stdio: ['ignore', 'pipe', 'ignore'] })
  const boards = new Map<string, Board>()
  child.on('error', () => {}) // No such program: nothing is known of the GPUs.
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    const board = readBoard(line)
    if (board !== null) boards.set(board.index, board)
  })
  return {
    latest: () => (boards.size === 0 ? null : combine([...boards.values()])),
    stop: () => {
      child.kill()
    },
  }
}

interface Board extends GpuReading {
  readonly index: string
}

/** `0, 35, 1024, 61.25, 1410`; `null` for any other line. */
function readBoard(line: string): Board | null {
  const [index = '', ...texts] = line.split(',').map((field) => field.trim())
  const [utilisation, memoryMiB, powerWatts, smClockMHz] = texts.map((field) =>
    /^\d+(\.\d+)?$/.test(field) ? Number(field) : null,
  )
  if (!/^\d+$/.test(index) || utilisation == null || memoryMiB == null) return null
  return {
    index,
    utilisation: utilisation / 100,
    memoryBytes: memoryMiB * MIB,
    powerWatts: powerWatts ?? null,
    smClockMHz: smClockMHz ?? null,
  }
}

/** Memory and power of all boards together; utilisation and clock as their mean. */
function combine(boards: readonly Board[]): GpuReading {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const known = (of: (board: Board) => number | null) => {
    const values = boards.flatMap((board) => of(board) ?? [])
    return values.length < boards.length ? null : sum(values)
  }
  const clocks = known(({ smClockMHz }) => smClockMHz)
  return {
    utilisation: sum(boards.map(({ utilisation }) => utilisation)) / boards.length,
    memoryBytes: sum(boards.map(({ memoryBytes }) => memoryBytes)),
    powerWatts: known(({ powerWatts }) => powerWatts),
    smClockMHz: clocks === null ? null : clocks / boards.length,
  }
}
