// The servers that `dyno up` left standing: a background process owns them, this file says which and where they answer.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { sleep } from './core/clock.ts'
import { writeFileAtomic } from './core/files.ts'
import { isRunning } from './core/proc-stat.ts'
import { createStateDir, ownProcess } from './runtime/register.ts'

const standingSchema = z.object({
  /** The process that owns the servers; SIGTERM stops it and them. */
  owner: z.object({ pid: z.number().int().positive(), startTicks: z.number() }),
  scenario: z.string(),
  servers: z.array(
    z.object({
      name: z.string(),
      url: z.string(),
      grpcAddress: z.string().nullable(),
      metricsUrl: z.string().nullable(),
    }),
  ),
})

export type Standing = z.infer<typeof standingSchema>

const FILE = 'up.json'

export function writeStanding(stateDir: string, standing: Omit<Standing, 'owner'>): void {
  createStateDir(stateDir)
  writeFileAtomic(join(stateDir, FILE), `${JSON.stringify({ owner: ownProcess(), ...standing }, null, 2)}\n`)
}

/** `null` where nothing stands: no file, an unreadable one, or one whose process is gone. */
export function readStanding(stateDir: string): Standing | null {
  try {
    const standing = standingSchema.parse(JSON.parse(readFileSync(join(stateDir, FILE), 'utf8')))
    return isRunning(standing.owner) ? standing : null
  } catch {
    return null
  }
}

export function removeStanding(stateDir: string): void {
  rmSync(join(stateDir, FILE), { force: true })
}

/** Ends the owner of the servers and waits until it is gone. @returns false when it outlived the deadline */
export async function stopStanding(standing: Standing, deadlineMs: number): Promise<boolean> {
  const gone = () => !isRunning(standing.owner)
  if (!gone()) process.kill(standing.owner.pid, 'SIGTERM')
  for (let waitedMs = 0; waitedMs < deadlineMs; waitedMs += 50) {
    if (gone()) return true
    await sleep(50)
  }
  return gone()
}
