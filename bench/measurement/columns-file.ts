// Records as raw bytes, appended chunk by chunk while a trial runs, so that memory is bounded and a crash keeps what was measured.
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { BYTES_PER_ROW, COLUMN_ORDER, emptyColumns, type RequestColumns } from '../load/request-columns.ts'

/** Number of rows, in front of each chunk. */
const HEADER_BYTES = 4

export interface ColumnsWriter {
  append(records: RequestColumns): void
  /** Waits until everything is on the disk. */
  sync(): void
  close(): void
}

/** @throws EEXIST where anything stands there */
export function openColumnsWriter(path: string): ColumnsWriter {
  const file = openSync(path, 'ax')
  const write = (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
  }
  return {
    append(records) {
      // In front of each chunk: its number of rows.
      write(new Uint8Array(Uint32Array.of(records.length).buffer))
      for (const name of COLUMN_ORDER) write(bytesOf(records, name))
    },
    sync: () => fsyncSync(file),
    close: () => closeSync(file),
  }
}

function bytesOf(records: RequestColumns, name: (typeof COLUMN_ORDER)[number]): Uint8Array {
  const column = records[name]
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
}

/** Trials of a file, each read when it is asked for. */
export interface ColumnsReader {
  /** Whole trials; fewer than were asked for when the file was cut off. */
  readonly trials: number
  read(trial: number): RequestColumns
  close(): void
}

/**
 * @param lengths requests of each trial, in the order in which they were appended
 * @throws Error when the file holds other requests
 */
export function openColumnsReader(path: string, lengths: readonly number[]): ColumnsReader {
  const file = openSync(path, 'r')
  /** False when the file ends before. */
  const read = (bytes: Uint8Array, position: number) =>
    readSync(file, bytes, 0, bytes.length, position) === bytes.length
  /** Calls back for every chunk of a trial; the position after it, `null` when the file ends before. */
  const walk = (position: number, length: number, onChunk: (at: number, row: number, rows: number) => boolean) => {
    let at = position
    for (let row = 0; row < length; ) {
      const header = new Uint32Array(1)
      if (!read(new Uint8Array(header.buffer), at)) return null
      const rows = header[0] ?? 0
      // A chunk never lies in two trials: one that does was not written by us.
      if (rows === 0 || rows > length - row) throw new Error(`${path} holds other requests than its measurements say`)
      if (!onChunk(at + HEADER_BYTES, row, rows)) return null
      at += HEADER_BYTES + rows * BYTES_PER_ROW
      row += rows
    }
    return at
  }
  const { size } = fstatSync(file)
  const starts: number[] = []
  let next: number | null = 0
  for (const length of lengths) {
    const start: number = next
    next = walk(start, length, (at, _row, rows) => at + rows * BYTES_PER_ROW <= size)
    if (next === null) break
    starts.push(start)
  }
  return {
    trials: starts.length,
    read(trial) {
      const columns = emptyColumns(lengths[trial] ?? 0)
      walk(starts[trial] ?? 0, columns.length, (at, row, rows) => {
        let position = at
        return COLUMN_ORDER.every((name) => {
          const { BYTES_PER_ELEMENT } = columns[name]
          const bytes = bytesOf(columns, name).subarray(row * BYTES_PER_ELEMENT, (row + rows) * BYTES_PER_ELEMENT)
          position += bytes.length
          return read(bytes, position - bytes.length)
        })
      })
      return columns
    },
    close: () => closeSync(file),
  }
}
