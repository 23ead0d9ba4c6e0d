// Records as raw bytes, appended chunk by chunk while a trial runs, so that memory is bounded and a crash keeps what was measured.
import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { COLUMN_ORDER, emptyColumns, type RequestColumns } from '../load/request-columns.ts'

export interface ColumnsWriter {
  append(records: RequestColumns): void
  /** Waits until everything is on the disk. */
  sync(): void
  close(): void
}

export function openColumnsWriter(path: string): ColumnsWriter {
  const file = openSync(path, 'a')
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

/**
 * Reads the trials of a file in order.
 * @param lengths requests of each trial, in the order in which they were appended
 * @returns fewer trials than lengths when the file was cut off
 */
export function* readColumns(path: string, lengths: readonly number[]): Generator<RequestColumns> {
  const file = openSync(path, 'r')
  let position = 0
  /** False when the file ends before. */
  const read = (bytes: Uint8Array) => {
    const count = readSync(file, bytes, 0, bytes.length, position)
    position += count
    return count === bytes.length
  }
  try {
    for (const length of lengths) {
      const columns = emptyColumns(length)
      for (let row = 0; row < length; ) {
        const header = new Uint32Array(1)
        if (!read(new Uint8Array(header.buffer))) return
        const rows = header[0] ?? 0
        // A chunk never lies in two trials: one that does was not written by us.
        if (rows === 0 || rows > length - row) throw new Error(`${path} holds other requests than its measurements say`)
        for (const name of COLUMN_ORDER) {
          const size = columns[name].BYTES_PER_ELEMENT
          if (!read(bytesOf(columns, name).subarray(row * size, (row + rows) * size))) return
        }
        row += rows
      }
      yield columns
    }
  } finally {
    closeSync(file)
  }
}
