// The labels by which everything that dyno makes in an engine is known as its own, and by whom it is still used.
import { readFileSync, readlinkSync } from 'node:fs'
import { isRunning } from '../../core/proc-stat.ts'
import { ownProcess } from '../register.ts'

/** On every container, image, volume and network that dyno makes; its value is what it is, e.g. `server`, `image`. */
export const MADE_LABEL = 'dyno.made'
/** On containers: the process that uses it, see `ownerLabel`. */
export const OWNER_LABEL = 'dyno.owner'
/** On containers: the server's name in its scenario. */
export const SERVER_LABEL = 'dyno.server'

export type Owner = 'running' | 'gone' | 'unknown'

/** `boot/pid namespace/pid/start`: enough to tell this process from any other, here and after a restart. */
export function ownerLabel(): string {
  const { pid, startTicks } = ownProcess()
  return [bootId(), pidNamespace(), pid, startTicks].join('/')
}

/** `unknown` where the owner lived in a namespace that cannot be seen from here. */
export function ownerOf(labels: Readonly<Record<string, string>>): Owner {
  const [boot, namespace, pid, startTicks] = (labels[OWNER_LABEL] ?? '').split('/')
  if (startTicks === undefined) return 'unknown'
  if (boot !== bootId()) return 'gone'
  if (namespace !== pidNamespace()) return 'unknown'
  return isRunning({ pid: Number(pid), startTicks: Number(startTicks) }) ? 'running' : 'gone'
}

function bootId(): string {
  return read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
}

function pidNamespace(): string {
  return read(() => readlinkSync('/proc/self/ns/pid'))
}

function read(source: () => string): string {
  try {
    return source()
  } catch {
    return '-' // No /proc (macOS): process numbers alone must do.
  }
}
