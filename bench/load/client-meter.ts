// What the generator itself costs over a phase: CPU of its thread, and how late its event loop runs.
import type { EventLoop } from '../event-loop/types.ts'
import type { ClientUse } from './types.ts'

/**
 * Starts at once; the returned function ends it. Call both on the thread that generates the load.
 * @param polled whether the thread polls in this phase, which its CPU time then includes
 */
export function meterClient(
  polled: boolean,
  loop: EventLoop,
): (bytes: Pick<ClientUse, 'bytesSent' | 'bytesReceived'>) => ClientUse {
  const endDelay = loop.meterDelay()
  const startedMs = performance.now()
  const cpuBefore = process.threadCpuUsage()
  return ({ bytesSent, bytesReceived }) => {
    const cpu = process.threadCpuUsage(cpuBefore)
    const wallMs = performance.now() - startedMs
    const cpuMs = (cpu.user + cpu.system) / 1e3
    return {
      threads: 1,
      polled,
      cpuMs,
      cpuFraction: wallMs > 0 ? cpuMs / wallMs : 0,
      eventLoopDelayP99Ms: endDelay(),
      bytesSent,
      bytesReceived,
    }
  }
}
