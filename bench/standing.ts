// The servers that `dyno up` left standing: a background process owns them, this file says which and where they answer.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { sleep } from './core/clock.ts'
import { writeFileAtomic } from './core/files.ts'

const standingSchema = z.object({
  /** The process that owns the servers; SIGTERM stops it and them. */
  pid: z.number().int().positive(),
  /** Tells the process from another that got its number later. */
  startTicks: z.string(),
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

export function writeStanding(stateDir: string, standing: Omit<Standing, 'pid' | 'startTicks'>): void {
  mkdirSync(stateDir, { recursive: true })
  const own = { pid: process.pid, startTicks: startTicksOf(process.pid) ?? '', ...standing }
  writeFileAtomic(join(stateDir, FILE), `${JSON.stringify(own, null, 2)}\n`)
}

/** `null` where nothing stands: no file, an unreadable one, or one whose process is gone. */
export function readStanding(stateDir: string): Standing | null {
  try {
    const standing = standingSchema.parse(JSON.parse(readFileSync(join(stateDir, FILE), 'utf8')))
    return startTicksOf(standing.pid) === standing.startTicks ? standing : null
  } catch {
    return null
  }
}

export function removeStanding(stateDir: string): void {
  rmSync(join(stateDir, FILE), { force: true })
}

/** Ends the owner of the servers and waits until it is gone. @returns false when it outlived the deadline */
export async function stopStanding(standing: Standing, deadlineMs: number): Promise<boolean> {
  const gone = () => startTicksOf(standing.pid) !== standing.startTicks
  if (!gone()) process.kill(standing.pid, 'SIGTERM')
  for (let waitedMs = 0; waitedMs < deadlineMs; waitedMs += 50) {
    if (gone()) return true
    await sleep(50)
  }
  return gone()
}

/** Field 22 of /proc/PID/stat; the command name before it may hold spaces and brackets, so count from its end. */
function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}
