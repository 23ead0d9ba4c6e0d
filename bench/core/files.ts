// Files that are either whole or absent: a reader never sees half of one.
import { renameSync, writeFileSync } from 'node:fs'

/** Writes beside the file and renames: atomic within a file system. */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`
  writeFileSync(temporary, content)
  renameSync(temporary, path)
}
