// What a container uses, as cgroup versions 1 and 2 tell it, and as the engine does.
import { describe, expect, it } from 'vitest'
import { cgroupPaths } from './cgroup.ts'
import { resourcesIn } from './stats.ts'

describe('the use of a container', () => {
  it('is looked for where the kernel keeps it, in either version', () => {
    expect(cgroupPaths('4:memory:/docker/a\n2:cpu,cpuacct:/docker/b\n0::/docker/c\n')).toEqual({
      memory: '/docker/a',
      cpu: '/docker/b',
      cpuacct: '/docker/b',
      unified: '/docker/c',
    })
    expect(cgroupPaths('0::/system.slice/docker-a.scope\n')).toEqual({ unified: '/system.slice/docker-a.scope' })
  })

  it.each([
    ['1', { total_inactive_file: 50, inactive_file: 20 }],
    ['2', { inactive_file: 50 }],
  ])('is read from the engine’s statistics of version %s, file caches left out', (_, stats) => {
    const answer = {
      cpu_stats: { cpu_usage: { total_usage: 2.5e9 }, throttling_data: { throttled_time: 5e8 } },
      memory_stats: { usage: 150, stats },
    }
    expect(resourcesIn(answer)).toEqual({ cpuSeconds: 2.5, throttledSeconds: 0.5, memoryBytes: 100, gpu: null })
  })

  it('is null where the container does not run, and where the answer is none', () => {
    expect(resourcesIn({ cpu_stats: { cpu_usage: { total_usage: 0 } }, memory_stats: {} })).toBeNull()
    expect(resourcesIn('tea')).toBeNull()
  })
})
