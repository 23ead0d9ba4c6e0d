// The register of started processes: one file each, so that what a killed run left behind can be found and is ours for sure.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../core/files.ts'
import { readProcess } from '../core/proc-stat.ts'

const processSchema = z.object({ pid: z.number().int().positive(), startTicks: z.number() })

const entrySchema = z.object({
  /** Marks the environment of the process and of all it starts, and the names of its shared memory. */
  id: z.string().regex(/^[0-9a-f]{12}$/),
  name: z.string(),
  command: z.string(),
  owner: processSchema,
  /** `null` from before the start until right after it. */
  leader: processSchema.nullable(),
  /** Empty temporary folders that the program does not remove when it is killed. */
  temporaryDirs: z.array(z.string()),
})

export type RegisterEntry = z.infer<typeof entrySchema>

const FOLDER = 'running'

/** Of an entry's file, or of one that was not finished. */
export const ENTRY_NAME = /^\d+-[\w.-]+-[0-9a-f]{12}\.json(\.[0-9a-f]+\.tmp)?$/

/** The environment variable that whatever is started carries, and its children inherit. */
export function environmentMark(id: string): { readonly name: string; readonly value: string } {
  return { name: 'DYNO_RUN', value: id }
}

/** Prefix of the shared memory that a started Triton makes in /dev/shm. */
export function sharedMemoryPrefix(id: string): string {
  return `dyno-${id}-`
}

/** This process as the owner of what it starts. */
export function ownProcess(): RegisterEntry['owner'] {
  return { pid: process.pid, startTicks: readProcess(process.pid)?.startTicks ?? 0 }
}

export function writeEntry(stateDir: string, entry: RegisterEntry): void {
  createStateDir(stateDir)
  mkdirSync(join(stateDir, FOLDER), { recursive: true })
  writeFileAtomic(pathOf(stateDir, entry), `${JSON.stringify(entry, null, 2)}\n`)
}

export function removeEntry(stateDir: string, entry: RegisterEntry): void {
  rmSync(pathOf(stateDir, entry), { force: true })
}

/** Every readable entry; what is no entry is passed over. */
export function readEntries(stateDir: string): RegisterEntry[] {
  const folder = join(stateDir, FOLDER)
  return listFolder(folder).flatMap((name) => {
    if (!name.endsWith('.json')) return []
    try {
      return entrySchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')))
    } catch {
      return [] // Removed at this moment, or written by something else.
    }
  })
}

/** Makes the folder of dyno's own state, and hides it from git wherever it lies. */
export function createStateDir(stateDir: string): void {
  mkdirSync(stateDir, { recursive: true })
  try {
    writeFileSync(join(stateDir, '.gitignore'), '*\n', { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Names in a folder; none where there is no such folder. */
export function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function pathOf(stateDir: string, entry: RegisterEntry): string {
  return join(stateDir, FOLDER, `${entry.owner.pid}-${entry.name.replaceAll(/[^\w.-]/g, '_')}-${entry.id}.json`)
}
