import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { sleep } from '../core/clock.ts'
import { type ProcessStat, readProcess, treeOf } from '../core/proc-stat.ts'
import { watchProcessTree } from './process-tree.ts'

const stat = (pid: number, parentPid: number, groupPid: number): ProcessStat => ({
  pid,
  name: 'program',
  parentPid,
  groupPid,
  state: 'S',
  cpuTicks: 1,
  startTicks: pid,
  residentPages: 1,
})

describe('the tree of a process', () => {
  it.each([
    [[stat(10, 1, 10), stat(11, 10, 10), stat(12, 11, 10)], [10, 11, 12], 'children and their children'],
    [[stat(10, 1, 10), stat(11, 1, 10)], [10, 11], 'a member of the group whose parent is gone'],
    [[stat(10, 1, 10), stat(11, 10, 11), stat(12, 11, 12)], [10, 11, 12], 'descendants in groups of their own'],
    [[stat(10, 1, 10), stat(1, 0, 1), stat(20, 1, 20)], [10], 'neither the parent nor its other children'],
    [[stat(11, 1, 11)], [], 'nothing when the leader and its group are gone'],
  ])('holds of %j: %j (%s)', (processes, pids) => {
    expect(
      treeOf(10, processes)
        .map(({ pid }) => pid)
        .sort(),
    ).toEqual(pids)
  })

  it('counts the CPU time of children that have ended, and the memory of those that run', async () => {
    // A child that works for 0.4 s and ends, then one that only sleeps.
    const work = 'node -e "const end = process.cpuUsage().user + 4e5; while (process.cpuUsage().user < end);"'
    const child = spawn('sh', ['-c', `${work}; echo done; sleep 60; :`], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      await once(child.stdout, 'data')
      const pid = child.pid ?? 0
      const read = watchProcessTree({ pid, startTicks: readProcess(pid)?.startTicks ?? 0 })
      const reading = read()
      expect(reading?.cpuSeconds).toBeGreaterThan(0.35)
      expect(reading?.memoryBytes).toBeGreaterThan(500_000)
      await sleep(20)
      expect(read()?.cpuSeconds).toBeGreaterThanOrEqual(reading?.cpuSeconds ?? Number.NaN)
    } finally {
      process.kill(-(child.pid ?? 0), 'SIGKILL')
      await once(child, 'exit')
    }
  })

  it('reads nothing once the leader is gone, or is another process', async () => {
    expect(watchProcessTree({ pid: process.pid, startTicks: 1 })()).toBeNull()
  })
})
