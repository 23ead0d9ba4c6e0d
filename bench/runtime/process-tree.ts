// CPU time and memory of a server with everything it started, cheap enough to be asked several times a second.
import { readFileSync } from 'node:fs'
import { nowNs } from '../core/clock.ts'
import { listProcesses, type ProcessStat, readProcess, TICKS_PER_SECOND, treeOf } from '../core/proc-stat.ts'
import type { ResourceReading } from './types.ts'

/** New children are looked for this often; in between only the known processes are read. */
const SCAN_EVERY_MS = 500

/**
 * Returns a reader of the tree below `leader`: its descendants and the members of its process group.
 *
 * Children that ended are counted through the times that their parent inherited when it waited for them; those of a
 * parent that died first are lost. Resident memory is summed, so that pages shared between processes count in each.
 */
export function watchProcessTree(leader: {
  readonly pid: number
  readonly startTicks: number
}): () => ResourceReading | null {
  const pageBytes = readPageBytes()
  let members: readonly number[] = []
  let scannedMs = Number.NEGATIVE_INFINITY
  return () => {
    if (readProcess(leader.pid)?.startTicks !== leader.startTicks) return null
    const nowMs = nowNs() / 1e6
    let stats: ProcessStat[]
    if (nowMs - scannedMs >= SCAN_EVERY_MS) {
      stats = treeOf(leader.pid, listProcesses())
      members = stats.map(({ pid }) => pid)
      scannedMs = nowMs
    } else {
      stats = members.flatMap((pid) => readProcess(pid) ?? [])
      // One that ended may have left its time to its parent only after that was read.
      if (stats.length < members.length) scannedMs = Number.NEGATIVE_INFINITY
    }
    return {
      cpuSeconds: stats.reduce((sum, stat) => sum + stat.cpuTicks, 0) / TICKS_PER_SECOND,
      throttledSeconds: null,
      memoryBytes: stats.reduce((sum, stat) => sum + stat.residentPages, 0) * pageBytes,
      gpu: null,
    }
  }
}

/** 4 KiB on x86-64; 4, 16 or 64 KiB on ARM. The kernel tells it in every process's memory map. */
function readPageBytes(): number {
  try {
    const match = /^KernelPageSize:\s+(\d+) kB/m.exec(readFileSync('/proc/self/smaps', 'utf8'))
    return Number(match?.[1] ?? 4) * 1024
  } catch {
    return 4096
  }
}
