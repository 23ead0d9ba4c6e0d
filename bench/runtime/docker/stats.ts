// CPU, throttling and memory of a container: from its cgroup, else from the engine, which takes a second to tell.
import type Docker from 'dockerode'
import { z } from 'zod'
import type { ResourceReading } from '../types.ts'
import { watchCgroup } from './cgroup.ts'

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

/** @returns a reading at each call; `null` once the container does not run */
export function watchResources(container: Docker.Container, pid: number): () => Promise<ResourceReading | null> {
  const cgroup = watchCgroup(pid)
  if (cgroup !== null) return () => Promise.resolve(cgroup())
  // One-shot: else the engine waits for a second reading, to tell a rate.
  return async () => resourcesIn(await container.stats({ stream: false, 'one-shot': true }))
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
    gpu: null,
  }
}

/** As in the cgroup's files, by the name of its version. */
function fileCacheBytes(stats: Readonly<Record<string, number>>): number {
  return stats.total_inactive_file ?? stats.inactive_file ?? 0
}
