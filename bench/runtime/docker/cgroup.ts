// CPU, throttling and memory of a container from the kernel's own files: exact at any moment, and next to free.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ResourceReading } from '../types.ts'

const ROOT = '/sys/fs/cgroup'

/**
 * @param pid of a process in the container, as this machine counts
 * @returns `null` where its cgroup cannot be read from here (a virtual machine, a namespace)
 */
export function watchCgroup(pid: number): (() => ResourceReading | null) | null {
  const paths = cgroupPaths(readText(`/proc/${pid}/cgroup`))
  const read = paths.cpuacct === undefined ? () => readV2(paths.unified ?? '/') : () => readV1(paths)
  // The machine's own cgroup is what a process shows that is in no namespace that we can see.
  if ((paths.cpuacct ?? paths.unified ?? '/') === '/') return null
  return read() === null ? null : read
}

interface CgroupPaths {
  readonly cpu?: string
  readonly cpuacct?: string
  readonly memory?: string
  readonly unified?: string
}

/** Lines `7:cpu,cpuacct:/docker/…`; `0::/…` is version 2 (cgroups(7)). */
export function cgroupPaths(text: string): CgroupPaths {
  const paths: Record<string, string> = {}
  for (const line of text.trim().split('\n')) {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (controllers === '' && path !== '') paths.unified = path
    for (const controller of controllers.split(',')) if (controller !== '') paths[controller] = path
  }
  return paths
}

/** Kernel documentation, cgroup-v1: cpuacct.usage and throttled_time in ns. */
function readV1({ cpu, cpuacct = '', memory = '' }: CgroupPaths): ResourceReading | null {
  const cpuNs = Number(readText(join(ROOT, 'cpuacct', cpuacct, 'cpuacct.usage')) || Number.NaN)
  const folder = join(ROOT, 'memory', memory)
  const memoryBytes = Number(readText(join(folder, 'memory.usage_in_bytes')) || Number.NaN)
  if (Number.isNaN(cpuNs) || Number.isNaN(memoryBytes)) return null
  const throttledNs = fieldIn(readText(join(ROOT, 'cpu', cpu ?? cpuacct, 'cpu.stat')), 'throttled_time')
  const cacheBytes = fieldIn(readText(join(folder, 'memory.stat')), 'total_inactive_file')
  return reading(cpuNs / 1e9, throttledNs / 1e9, memoryBytes - cacheBytes)
}

/** Kernel documentation, cgroup-v2: usage_usec and throttled_usec. */
function readV2(path: string): ResourceReading | null {
  const folder = join(ROOT, path)
  const cpu = readText(join(folder, 'cpu.stat'))
  const memoryBytes = Number(readText(join(folder, 'memory.current')) || Number.NaN)
  if (!cpu.includes('usage_usec') || Number.isNaN(memoryBytes)) return null
  const cacheBytes = fieldIn(readText(join(folder, 'memory.stat')), 'inactive_file')
  return reading(fieldIn(cpu, 'usage_usec') / 1e6, fieldIn(cpu, 'throttled_usec') / 1e6, memoryBytes - cacheBytes)
}

/** As `docker stats` has it, pages of files that nothing has used lately are not the container's need. */
function reading(cpuSeconds: number, throttledSeconds: number, memoryBytes: number): ResourceReading {
  return { cpuSeconds, throttledSeconds, memoryBytes: Math.max(0, memoryBytes), gpu: null }
}

/** Of lines `name value`; 0 where there is no such line. */
function fieldIn(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}
