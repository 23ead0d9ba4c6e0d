// CPU and memory of a server over a window, from readings a few times a second.
import { nowNs } from '../core/clock.ts'
import type { ResourceReading } from '../runtime/types.ts'
import type { ResourceUse } from './types.ts'

/** Often enough for a window of half a second, and rare enough to cost the load nothing that shows. */
const SAMPLE_EVERY_MS = 200

export const NO_RESOURCES: ResourceUse = { cpuFraction: null, memoryBytes: null, gpu: null }

/** Starts sampling at once; the returned function ends it and says what was used since. */
export async function sampleResources(
  read: () => Promise<ResourceReading | null>,
): Promise<() => Promise<ResourceUse>> {
  const first = await read()
  if (first === null) return () => Promise.resolve(NO_RESOURCES)
  const startedNs = nowNs()
  let memoryBytes = first.memoryBytes
  let reading: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    reading = read().then((sample) => {
      memoryBytes = Math.max(memoryBytes, sample?.memoryBytes ?? 0)
    }, ignoreGoneServer)
  }, SAMPLE_EVERY_MS)
  return async () => {
    clearInterval(timer)
    await reading
    const last = await read().catch(ignoreGoneServer)
    if (!last) return { ...NO_RESOURCES, memoryBytes }
    const seconds = (nowNs() - startedNs) / 1e9
    return {
      cpuFraction: (last.cpuSeconds - first.cpuSeconds) / seconds,
      memoryBytes: Math.max(memoryBytes, last.memoryBytes),
      gpu: null,
    }
  }
}

/** A server that died is reported by the trial, with its last words; the sampler has nothing to add. */
function ignoreGoneServer(): null {
  return null
}
