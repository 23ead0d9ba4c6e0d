// What the engine tells of a container while it runs: that somebody pauses it, and, by its silence, that it went away.
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { nowNs } from '../../core/clock.ts'
import type { Engine } from './engine.ts'

export interface ContainerEvents {
  /** Settles when the engine has gone away. */
  readonly engineLost: Promise<void>
  /** Since the start, the pause that goes on included. */
  pausedMs(): number
  stop(): void
}

const eventSchema = z.object({ Action: z.string() })

export async function watchContainer({ docker }: Engine, containerId: string): Promise<ContainerEvents> {
  const events = await docker.getEvents({ filters: { container: [containerId], event: ['pause', 'unpause'] } })
  let totalMs = 0
  let sinceNs: number | null = null
  const lines = createInterface({ input: events })
  lines.on('line', (line) => {
    const action = eventSchema.safeParse(parseJson(line)).data?.Action
    if (action === 'pause') sinceNs ??= nowNs()
    if (action !== 'unpause' || sinceNs === null) return
    totalMs += (nowNs() - sinceNs) / 1e6
    sinceNs = null
  })
  const engineLost = new Promise<void>((resolve) => {
    // Both tell it: readline passes its stream's errors on.
    for (const source of [events, lines]) source.on('error', () => resolve())
    events.once('close', resolve)
  })
  return {
    engineLost,
    pausedMs: () => totalMs + (sinceNs === null ? 0 : (nowNs() - sinceNs) / 1e6),
    stop: () => {
      lines.close()
      // A stream of HTTP's: only its end closes the connection.
      if ('destroy' in events && typeof events.destroy === 'function') events.destroy()
    },
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
