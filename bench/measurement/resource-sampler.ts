// CPU and memory of a server over a window, from readings a few times a second.
import { nowNs } from '../core/clock.ts'
import type { GpuReading, ResourceReading } from '../runtime/types.ts'
import type { ResourceUse } from './types.ts'

/** Often enough for a window of half a second, and rare enough to cost the load nothing that shows. */
const SAMPLE_EVERY_MS = 200

export const NO_RESOURCES: ResourceUse = {
  cpuFraction: null,
  throttledFraction: null,
  memoryBytes: null,
  series: [],
  gpu: null,
}

interface Sample extends ResourceReading {
  readonly atNs: number
}

/** Starts sampling at once; the returned function ends it and says what was used since. */
export async function sampleResources(
  read: () => Promise<ResourceReading | null>,
): Promise<() => Promise<ResourceUse>> {
  const samples: Sample[] = []
  let isReading = false
  const take = async () => {
    if (isReading) return // The engine may take longer to tell than the time between two samples.
    isReading = true
    const reading = await read().catch(ignoreGoneServer)
    if (reading !== null) samples.push({ ...reading, atNs: nowNs() })
    isReading = false
  }
  const first = await read()
  if (first === null) return () => Promise.resolve(NO_RESOURCES)
  samples.push({ ...first, atNs: nowNs() })
  let taking: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    taking = take()
  }, SAMPLE_EVERY_MS)
  return async () => {
    clearInterval(timer)
    await taking
    await take()
    return usedIn(samples)
  }
}

/** Exported for tests. @param samples in the order of time */
export function usedIn(samples: readonly Sample[]): ResourceUse {
  const [first] = samples
  const last = samples.at(-1)
  if (first === undefined || last === undefined || last === first) return NO_RESOURCES
  const series = samples.slice(1).map((sample, index) => {
    const before = samples[index] ?? first
    const used = between(before, sample)
    return { offsetMs: (sample.atNs - first.atNs) / 1e6, ...used, memoryBytes: sample.memoryBytes }
  })
  return {
    ...between(first, last),
    memoryBytes: Math.max(...samples.map(({ memoryBytes }) => memoryBytes)),
    series,
    gpu: gpuIn(samples.flatMap(({ gpu }) => gpu ?? [])),
  }
}

/** Means over the readings; memory is the largest. */
function gpuIn(readings: readonly GpuReading[]): ResourceUse['gpu'] {
  if (readings.length === 0) return null
  const mean = (values: readonly number[]) =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    utilisation: mean(readings.map(({ utilisation }) => utilisation)) ?? 0,
    memoryBytes: Math.max(...readings.map(({ memoryBytes }) => memoryBytes)),
    powerWatts: mean(readings.flatMap(({ powerWatts }) => powerWatts ?? [])),
    smClockMHz: mean(readings.flatMap(({ smClockMHz }) => smClockMHz ?? [])),
  }
}

function between(before: Sample, after: Sample): Pick<ResourceUse, 'throttledFraction'> & { cpuFraction: number } {
  const seconds = (after.atNs - before.atNs) / 1e9
  const { throttledSeconds } = after
  return {
    cpuFraction: (after.cpuSeconds - before.cpuSeconds) / seconds,
    throttledFraction:
      throttledSeconds === null || before.throttledSeconds === null
        ? null
        : (throttledSeconds - before.throttledSeconds) / seconds,
  }
}

/** A server that died is reported by the trial, with its last words; the sampler has nothing to add. */
function ignoreGoneServer(): null {
  return null
}
