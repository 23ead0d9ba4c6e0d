// Files that are either whole or absent: a reader never sees half of one.
import { randomBytes } from 'node:crypto'
import { lstatSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { BenchError, messageOf } from './errors.ts'

/**
 * Writes beside the file and renames: atomic within a file system. What is no regular file, such as a device or a named
 * pipe, is written through; a link goes on leading to its target.
 * @throws BenchError `not-written` with the folder to make or the room to free
 */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  try {
    const target = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? realpathSync(path) : path
    const status = lstatSync(target, { throwIfNoEntry: false })
    if (status !== undefined && !status.isFile()) writeFileSync(target, content)
    else replaceFile(target, content, status?.mode)
  } catch (error) {
    throw notWritten(path, error)
  }
}

function replaceFile(path: string, content: string | Uint8Array, mode: number | undefined): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    // Exclusive: nobody's file or link of that name is followed.
    writeFileSync(temporary, content, { flag: 'wx', ...(mode === undefined ? {} : { mode: mode & 0o777 }) })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** For whatever writes a file that the user named. */
export function notWritten(path: string, cause: unknown): BenchError {
  const { code } = cause as NodeJS.ErrnoException
  const hints: Readonly<Record<string, string>> = {
    ENOENT: `make its folder first: mkdir -p ${dirname(path)}`,
    ENOTDIR: 'name a path whose folders are folders',
    EISDIR: 'name a file, not a folder',
    ENOSPC: 'free some space, or name a file on another disk',
    EACCES: 'name a file that you may write',
    EROFS: 'name a file that you may write',
  }
  return new BenchError({
    kind: 'environment',
    code: 'not-written',
    message: `cannot write the file: ${messageOf(cause)}`,
    place: path,
    hint: hints[code ?? ''] ?? 'name another file',
    cause,
  })
}

/**
 * A stored file, which may have been planted or grown without bound.
 * @throws Error where it is no regular file, or larger than `maxBytes`
 */
export function readStoredFile(path: string, maxBytes: number): string {
  // Before it is opened: opening a named pipe waits for its writer.
  const status = statSync(path)
  if (!status.isFile()) throw new Error(`${path} is no regular file`)
  if (status.size > maxBytes)
    throw new Error(`${path} has ${status.size} bytes, more than the ${maxBytes} that are read`)
  return readFileSync(path, 'utf8')
}
