// Reads /proc/PID/stat: what a process is, who its parent is, what it used. Everywhere else than on Linux it finds nothing.
import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessStat {
  readonly pid: number
  /** Of the program, cut off after 15 characters by the kernel. */
  readonly name: string
  readonly state: string
  readonly parentPid: number
  readonly groupPid: number
  /** Own time and that of children that ended and were waited for, in clock ticks. */
  readonly cpuTicks: number
  /** Clock ticks since boot. With the pid it names a process for good: numbers are used again, start times are not. */
  readonly startTicks: number
  readonly residentPages: number
}

/** Clock ticks per second of every figure in /proc (USER_HZ), the same on every architecture that Node runs on. */
export const TICKS_PER_SECOND = 100

/** `null` where there is no such process. */
export function readProcess(pid: number): ProcessStat | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return null
  }
}

/** Field numbers as in proc(5). The name in field 2 may hold spaces and brackets, so count from its closing one. */
export function parseStat(text: string): ProcessStat | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  const stat = {
    pid: Number.parseInt(text, 10),
    name: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')),
    state: fields[0] ?? '',
    parentPid: field(4),
    groupPid: field(5),
    cpuTicks: field(14) + field(15) + field(16) + field(17),
    startTicks: field(22),
    residentPages: field(24),
  }
  return Number.isNaN(stat.residentPages) || Number.isNaN(stat.pid) ? null : stat
}

/** Every process of this machine (of this container). */
export function listProcesses(): ProcessStat[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : []))
  } catch {
    return []
  }
}

/** The leader, its descendants, the members of its group and their descendants. */
export function treeOf(leaderPid: number, processes: readonly ProcessStat[]): ProcessStat[] {
  const children = Map.groupBy(processes, ({ parentPid }) => parentPid)
  const found = new Map<number, ProcessStat>()
  const pending = processes.filter(({ pid, groupPid }) => pid === leaderPid || groupPid === leaderPid)
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (found.has(next.pid)) continue
    found.set(next.pid, next)
    pending.push(...(children.get(next.pid) ?? []))
  }
  return [...found.values()]
}

/** Whether this very process still runs: same number, same start. One that has ended and waits to be reaped does not. */
export function isRunning(identity: { readonly pid: number; readonly startTicks: number }): boolean {
  const stat = readProcess(identity.pid)
  return stat !== null && stat.startTicks === identity.startTicks && stat.state !== 'Z'
}

/** Whether a process was started with `entry` (`NAME=value`) in its environment; false where that cannot be read. */
export function startedWith(pid: number, entry: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(entry)
  } catch {
    return false
  }
}

/** The command line for a person; `null` where it cannot be read. */
export function commandOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 200) || null
  } catch {
    return null
  }
}
