import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { listProcesses, readProcess, treeOf } from '../core/proc-stat.ts'
import { startNeighbour } from './start-neighbour.ts'

const usedTicks = (pid: number) => readProcess(pid)?.cpuTicks ?? 0

it.skipIf(readProcess(process.pid) === null)('is a stranger that loads a core, and ends with its pipe', async () => {
  const neighbour = await startNeighbour(1)
  try {
    const ours = treeOf(process.pid, listProcesses()).map(({ pid }) => pid)
    expect(ours).toContain(process.pid)
    expect(ours).not.toContain(neighbour.pid)
    expect(readProcess(neighbour.pid)?.groupPid).not.toBe(readProcess(process.pid)?.groupPid)
    const startTicks = usedTicks(neighbour.pid)
    // It begins with a period of load.
    await expect.poll(() => usedTicks(neighbour.pid) - startTicks, { timeout: 5000 }).toBeGreaterThanOrEqual(5)
    expect(neighbour.isRunning()).toBe(true)
  } finally {
    await neighbour.close()
  }
  expect(neighbour.isRunning()).toBe(false)
  await setTimeout(100)
  expect(['Z', undefined]).toContain(readProcess(neighbour.pid)?.state)
})
