// What machine a run was made on: the fingerprint by which runs are compared or refused.
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'

export interface HostFacts {
  readonly cpu: string | null
  readonly cores: number
  /** Of the machine, or what its control group allows. */
  readonly memoryBytes: number
  readonly kernel: string
  /** CPU frequency governor, `null` where the kernel shows none (virtual machines). */
  readonly governor: string | null
  /** NVIDIA boards and their driver, e.g. `2 × NVIDIA H200, driver 550.54.15`; `null` where there are none. */
  readonly gpu: string | null
  readonly node: string
}

export function readHostFacts(): HostFacts {
  return {
    cpu: cpus()[0]?.model.trim() ?? null,
    cores: availableParallelism(),
    memoryBytes: Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY),
    kernel: release(),
    governor: firstLine('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'),
    gpu: readGpus('/proc/driver/nvidia'),
    node: process.version,
  }
}

/** Exported for tests. @param driverDir where the driver tells of itself */
export function readGpus(driverDir: string): string | null {
  try {
    const models = readdirSync(`${driverDir}/gpus`).map((board) => {
      const facts = readFileSync(`${driverDir}/gpus/${board}/information`, 'utf8')
      return /^Model:\s*(.+)$/m.exec(facts)?.[1]?.trim() ?? 'NVIDIA GPU'
    })
    const driver = /\b\d{3,}\.\d+(\.\d+)?\b/.exec(readFileSync(`${driverDir}/version`, 'utf8'))?.[0] ?? 'unknown'
    const boards = [...Map.groupBy(models, (model) => model)].map(([model, { length }]) =>
      length === 1 ? model : `${length} × ${model}`,
    )
    return boards.length === 0 ? null : `${boards.join(', ')}, driver ${driver}`
  } catch {
    return null
  }
}

/** CPU time of the whole machine in clock ticks, since boot. */
export interface CpuTicks {
  readonly total: number
  /** Taken by the hypervisor for others while this machine wanted to run. */
  readonly steal: number
}

/** The first line of /proc/stat; `null` where there is no /proc. */
export function readCpuTicks(): CpuTicks | null {
  const fields = firstLine('/proc/stat')?.split(/\s+/).slice(1).map(Number)
  if (fields === undefined) return null
  // user nice system idle iowait irq softirq steal; guest time (after them) is already counted in user.
  const counted = fields.slice(0, 8)
  return { total: counted.reduce((sum, ticks) => sum + ticks, 0), steal: counted[7] ?? 0 }
}

/** Share of the CPU time between two readings that was stolen, 0 to 1. */
export function stealFraction(before: CpuTicks | null, after: CpuTicks | null): number | null {
  if (before === null || after === null || after.total <= before.total) return null
  return (after.steal - before.steal) / (after.total - before.total)
}

function firstLine(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').split('\n')[0]?.trim() || null
  } catch {
    return null
  }
}
