// CPU, throttling and memory of a container, from the engine's statistics; cgroup v1 and v2 name their fields differently.
import type Docker from 'dockerode'
import { z } from 'zod'
import type { ResourceReading } from '../types.ts'

const statsSchema = z.object({
  cpu_stats: z.object({
    cpu_usage: z.object({ total_usage: z.number() }),
    throttling_data: z.object({ throttled_time: z.number() }).optional(),
  }),
  memory_stats: z.object({
    usage: z.number().optional(),
    stats: z.record(z.string(), z.number()).optional(),
  }),
})

/** One reading, without the second that the engine else waits for a rate. `null` where the container does not run. */
export async function readResources(container: Docker.Container): Promise<ResourceReading | null> {
  return resourcesIn(await container.stats({ stream: false, 'one-shot': true }))
}

/** @param answer of the engine, which is checked: it is another program's. */
export function resourcesIn(answer: unknown): ResourceReading | null {
  const stats = statsSchema.safeParse(answer).data
  if (stats?.memory_stats.usage === undefined) return null
  const { cpu_stats, memory_stats } = stats
  const usage = memory_stats.usage ?? 0
  return {
    cpuSeconds: cpu_stats.cpu_usage.total_usage / 1e9,
    throttledSeconds: (cpu_stats.throttling_data?.throttled_time ?? 0) / 1e9,
    memoryBytes: Math.max(0, usage - fileCacheBytes(memory_stats.stats ?? {})),
  }
}

/** As `docker stats` does: pages of files that nothing has used lately are not the server's need. */
function fileCacheBytes(stats: Readonly<Record<string, number>>): number {
  return stats.total_inactive_file ?? stats.inactive_file ?? 0
}
