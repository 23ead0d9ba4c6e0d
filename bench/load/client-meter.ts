// What the generator itself costs over a phase: CPU of its thread, and how late its event loop runs.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { ClientUse } from './types.ts'

/** The monitor's own timer interval; its histogram counts that in, so it is taken off again. */
const RESOLUTION_MS = 10

/**
 * Starts at once; the returned function ends it. Call both on the thread that generates the load.
 * @param polled whether the thread polls in this phase, which its CPU time then includes
 */
export function meterClient(polled: boolean): (bytes: Pick<ClientUse, 'bytesSent' | 'bytesReceived'>) => ClientUse {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  const startedMs = performance.now()
  const cpuBefore = process.threadCpuUsage()
  return ({ bytesSent, bytesReceived }) => {
    const cpu = process.threadCpuUsage(cpuBefore)
    const wallMs = performance.now() - startedMs
    delay.disable()
    const cpuMs = (cpu.user + cpu.system) / 1e3
    const p99Ms = delay.percentile(99) / 1e6 - RESOLUTION_MS
    return {
      threads: 1,
      polled,
      cpuMs,
      cpuFraction: wallMs > 0 ? cpuMs / wallMs : 0,
      eventLoopDelayP99Ms: Number.isFinite(p99Ms) ? Math.max(0, p99Ms) : 0,
      bytesSent,
      bytesReceived,
    }
  }
}
