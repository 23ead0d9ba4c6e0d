// The columns of trials as raw bytes, appended trial by trial, so that a crash keeps what was measured.
import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import type { RequestColumns } from '../load/types.ts'

const COLUMN_ORDER = ['scheduledNs', 'sentNs', 'receivedNs', 'code', 'bytesSent', 'bytesReceived', 'outcome'] as const

/** Columns with room for `length` requests, all zero. */
export function emptyColumns(length: number): RequestColumns {
  return {
    length,
    scheduledNs: new Float64Array(length),
    sentNs: new Float64Array(length),
    receivedNs: new Float64Array(length),
    outcome: new Uint8Array(length),
    code: new Int32Array(length),
    bytesSent: new Uint32Array(length),
    bytesReceived: new Uint32Array(length),
  }
}

/** Appends columns to a file and waits until the bytes are on the disk. */
export function appendColumns(path: string, columns: RequestColumns): void {
  const file = openSync(path, 'a')
  try {
    for (const name of COLUMN_ORDER) {
      const column = columns[name].subarray(0, columns.length)
      const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
    }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/**
 * Reads the trials of a file in order.
 * @param lengths requests of each trial, in the order in which they were appended
 * @returns fewer trials than lengths when the file was cut off
 */
export function* readColumns(path: string, lengths: readonly number[]): Generator<RequestColumns> {
  const file = openSync(path, 'r')
  try {
    let position = 0
    for (const length of lengths) {
      const columns = emptyColumns(length)
      for (const name of COLUMN_ORDER) {
        const column = columns[name]
        const bytes = new Uint8Array(column.buffer, 0, column.byteLength)
        if (readSync(file, bytes, 0, bytes.length, position) < bytes.length) return
        position += bytes.length
      }
      yield columns
    }
  } finally {
    closeSync(file)
  }
}
