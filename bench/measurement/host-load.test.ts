import { spawn } from 'node:child_process'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sleep } from '../core/clock.ts'
import type { ProcessStat } from '../core/proc-stat.ts'
import { loadBetween, watchHost } from './host-load.ts'

const process_ = (pid: number, parentPid: number, cpuTicks: number, name = `program-${pid}`): ProcessStat => {
  return { pid, name, state: 'S', parentPid, groupPid: pid, cpuTicks, startTicks: pid, residentPages: 1 }
}

/** A second of two cores. */
const reading = (processes: readonly ProcessStat[], { at = 0, steal = 0, throttles = 0 } = {}) => {
  return { ticks: { total: at * 200, steal }, processes, throttles }
}

describe('who else used the machine', () => {
  const before = reading([
    process_(10, 1, 50),
    process_(20, 1, 100),
    process_(30, 1, 0, 'docker-proxy'),
    process_(3, 2, 0),
  ])

  it('is nobody where only the server, its children, the engine and the kernel worked', () => {
    const after = [
      process_(10, 1, 150),
      process_(11, 10, 40),
      process_(20, 1, 100),
      process_(30, 1, 30, 'docker-proxy'),
    ]
    expect(loadBetween(before, reading([...after, process_(3, 2, 70)], { at: 1 }), [10])).toEqual({
      stealFraction: 0,
      otherFraction: 0,
      busiest: null,
      thermalThrottles: 0,
    })
  })

  it('is a program, by name, and by its share of all cores, whether it ran before or not', () => {
    const after = [process_(10, 1, 150), process_(20, 1, 120), process_(40, 1, 30)]
    const load = loadBetween(before, reading(after, { at: 1, steal: 10, throttles: 3 }), [10])
    expect(load).toEqual({
      stealFraction: 0.05,
      otherFraction: 0.25,
      busiest: 'program-40 (process 40)',
      thermalThrottles: 3,
    })
  })

  it('is not a process whose child ended, for what that child had used before', () => {
    const busy = reading([process_(10, 1, 50), process_(20, 1, 100), process_(21, 20, 900), process_(22, 21, 500)])
    // Process 20 has waited for 21, and 21 for 22: the time of both is now its own, with 30 ticks that are new.
    const after = [process_(10, 1, 150), process_(20, 1, 100 + 900 + 500 + 30)]
    expect(loadBetween(busy, reading(after, { at: 1 }), [10])).toMatchObject({
      otherFraction: 0.15,
      busiest: 'program-20 (process 20)',
    })
  })

  it('is never less than nobody, nor more than the whole machine', () => {
    const busy = reading([process_(10, 1, 50), process_(20, 1, 100), process_(21, 20, 900)])
    // Nobody waited for 21, whose time is lost; a reading that lies in between finds more than there was.
    expect(loadBetween(busy, reading([process_(20, 1, 110)], { at: 1 }), [10])).toMatchObject({
      otherFraction: 0,
      busiest: null,
    })
    expect(loadBetween(busy, reading([process_(20, 1, 1_310)], { at: 1 }), [10]).otherFraction).toBe(1)
  })

  it('cannot be told where the processes of a server are not known, but what the hypervisor took can', () => {
    const load = loadBetween(before, reading([process_(20, 1, 200)], { at: 1, steal: 10 }), [10, null])
    expect(load).toMatchObject({ stealFraction: 0.05, otherFraction: null, busiest: null })
  })

  it('is found on this machine', async () => {
    const stop = watchHost([])
    // Of a shell that ends: its parent is then init, as that of a program of somebody else.
    const child = spawn('sh', ['-c', 'timeout 5 sh -c "while :; do :; done" & echo $!'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const pid = Number(await new Promise((resolve) => child.stdout.once('data', (text) => resolve(String(text)))))
    onTestFinished(() => void process.kill(pid))
    await sleep(600)
    const { otherFraction, stealFraction } = stop()
    expect(otherFraction).toBeGreaterThan(0.05)
    expect(otherFraction).toBeLessThanOrEqual(1)
    expect(stealFraction).toBeGreaterThanOrEqual(0)
  })
})
