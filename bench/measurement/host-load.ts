// Who else used the machine while a window was measured: the hypervisor for others, and programs of this machine.
import { readdirSync, readFileSync } from 'node:fs'
import { listProcesses, type ProcessStat, TICKS_PER_SECOND, treeOf } from '../core/proc-stat.ts'
import { type CpuTicks, readCpuTicks, stealFraction } from './host.ts'

export interface HostLoad {
  /** Share of the machine's CPU time that the hypervisor took for others; `null` where the kernel does not tell. */
  readonly stealFraction: number | null
  /** Share of the machine's CPU time that other programs used; `null` where they cannot be told from the server. */
  readonly otherFraction: number | null
  /** The program that used most of it, with its pid. */
  readonly busiest: string | null
  /** How often a core was slowed down because it was too hot. */
  readonly thermalThrottles: number
}

interface Reading {
  readonly ticks: CpuTicks | null
  readonly processes: readonly ProcessStat[]
  readonly throttles: number
}

/** They carry the containers' requests: what they use is the server's, not somebody else's. */
const ENGINE = new Set(['docker-proxy', 'dockerd', 'containerd', 'containerd-shim'])
const KTHREADD = 2

/**
 * Starts watching; the returned function says what happened since.
 *
 * @param serverPids of all servers of the run, which with this process make what is measured; `null` for one whose
 * processes are not known
 */
export function watchHost(serverPids: readonly (number | null)[]): () => HostLoad {
  const before = takeReading()
  return () => loadBetween(before, takeReading(), [process.pid, ...serverPids])
}

function takeReading(): Reading {
  return { ticks: readCpuTicks(), processes: listProcesses(), throttles: thermalThrottles() }
}

/** Exported for tests. @param ownPids roots of the process trees that are measured */
export function loadBetween(before: Reading, after: Reading, ownPids: readonly (number | null)[]): HostLoad {
  const others = ownPids.includes(null) ? null : othersIn(before, after, ownPids)
  const [busiest] = others?.toSorted((one, other) => other.seconds - one.seconds) ?? []
  const seconds = others?.reduce((sum, other) => sum + other.seconds, 0) ?? null
  const machineSeconds =
    before.ticks === null || after.ticks === null ? 0 : (after.ticks.total - before.ticks.total) / TICKS_PER_SECOND
  return {
    stealFraction: stealFraction(before.ticks, after.ticks),
    // The kernel counts a process in whole ticks, and not at the instant at which it counts the machine.
    otherFraction: seconds === null || machineSeconds <= 0 ? null : Math.min(Math.max(seconds / machineSeconds, 0), 1),
    busiest: busiest === undefined || busiest.seconds <= 0 ? null : `${busiest.name} (process ${busiest.pid})`,
    thermalThrottles: after.throttles - before.throttles,
  }
}

/** The seconds that each process that is not ours used, with those of its children that ended. */
function othersIn(before: Reading, after: Reading, ownPids: readonly (number | null)[]) {
  const earlier = usedBefore(before, after)
  const own = new Set(
    ownPids.flatMap((pid) => (pid === null ? [] : treeOf(pid, after.processes).map((stat) => stat.pid))),
  )
  return after.processes
    .filter(
      ({ pid, parentPid, name }) => !own.has(pid) && pid !== KTHREADD && parentPid !== KTHREADD && !ENGINE.has(name),
    )
    .map(({ pid, name, cpuTicks }) => ({
      pid,
      name,
      seconds: (cpuTicks - (earlier.get(pid) ?? 0)) / TICKS_PER_SECOND,
    }))
}

/**
 * The ticks that each process of `after` had used before. Those of one that has ended count for the next of its
 * ancestors that still runs, because the kernel adds a child's whole life to its parent's time once it is waited for.
 */
function usedBefore(before: Reading, after: Reading): Map<number, number> {
  const running = new Set(after.processes.map(nameForGood))
  const known = new Map(before.processes.map((stat) => [stat.pid, stat]))
  const used = new Map<number, number>()
  for (const stat of before.processes) {
    let heir: ProcessStat | undefined = stat
    while (heir !== undefined && !running.has(nameForGood(heir))) heir = known.get(heir.parentPid)
    if (heir !== undefined) used.set(heir.pid, (used.get(heir.pid) ?? 0) + stat.cpuTicks)
  }
  return used
}

const nameForGood = ({ pid, startTicks }: ProcessStat) => `${pid}/${startTicks}`

const CPUS = '/sys/devices/system/cpu'

/** Of all cores since boot; 0 where the kernel counts none (virtual machines). */
function thermalThrottles(): number {
  try {
    return readdirSync(CPUS)
      .filter((name) => /^cpu\d+$/.test(name))
      .reduce((sum, name) => sum + countIn(`${CPUS}/${name}/thermal_throttle/core_throttle_count`), 0)
  } catch {
    return 0
  }
}

function countIn(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8')) || 0
  } catch {
    return 0
  }
}
