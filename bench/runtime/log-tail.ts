// The end of a log file, in bounded memory: a server's log may be of any size and hold any bytes.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'

const MAX_BYTES = 64 * 1024
const MAX_LINE_CHARS = 500

/** The last `count` lines that are not empty, without control characters; none where there is no such file. */
export function readLogTail(path: string, count: number): string[] {
  const lines = readEnd(path)
    .split('\n')
    .map((line) => printable(line).slice(0, MAX_LINE_CHARS).trimEnd())
  return lines.filter((line) => line !== '').slice(-count)
}

/** Text that cannot move the cursor or recolour a terminal. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\x00-\x08\x0b-\x1f\x7f]/g, '')
}

function readEnd(path: string): string {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return ''
  }
  try {
    const sizeBytes = fstatSync(file).size
    const buffer = Buffer.alloc(Math.min(sizeBytes, MAX_BYTES))
    const readBytes = readSync(file, buffer, 0, buffer.length, sizeBytes - buffer.length)
    return buffer.toString('utf8', 0, readBytes)
  } finally {
    closeSync(file)
  }
}
