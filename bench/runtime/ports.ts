// Free ports on the loopback interface, and who holds one that is not free.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { BenchError } from '../core/errors.ts'
import { commandOf } from '../core/proc-stat.ts'
import { listFolder } from './register.ts'

const LOOPBACK = '127.0.0.1'

/**
 * `count` different free ports. Another program may take one before it is used: the server then fails to start, and
 * `withFreePorts` takes others.
 */
export async function freePorts(count: number): Promise<number[]> {
  const listeners: Server[] = []
  try {
    // All held at once, so that they differ.
    for (let index = 0; index < count; index++) listeners.push(await listen(0))
    return listeners.map((listener) => (listener.address() as AddressInfo).port)
  } finally {
    await Promise.all(listeners.map(close))
  }
}

const ATTEMPTS = 3

/**
 * Starts something on wanted ports, or on free ones, and then again on others when one was taken in between.
 * @throws BenchError `port-taken`, `port-forbidden` for wanted ports
 */
export async function withPorts<T>(
  wanted: readonly number[] | null,
  count: number,
  start: (ports: readonly number[]) => Promise<T>,
): Promise<T> {
  if (wanted !== null) {
    for (const port of wanted) await checkPortFree(port)
    return start(wanted)
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePorts(count))
    } catch (error) {
      if (attempt === ATTEMPTS || !saysPortTaken(error)) throw error
    }
  }
}

/** @throws BenchError `port-taken` with the process that holds it, `port-forbidden` */
export async function checkPortFree(port: number): Promise<void> {
  try {
    await close(await listen(port))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') {
      throw new BenchError({
        kind: 'environment',
        code: 'port-forbidden',
        message: `port ${port} may be used by the administrator only`,
        hint: 'choose a port above 1023, or leave it out: then a free one is taken',
        cause: error,
      })
    }
    const holder = holderOf(port)
    throw new BenchError({
      kind: 'environment',
      code: 'port-taken',
      message: `port ${port} is taken${holder === null ? '' : ` by process ${holder.pid} (${holder.command ?? 'unknown'})`}`,
      hint: `${holder === null ? 'stop what uses it' : `stop that process (kill ${holder.pid})`}, or leave the port out of the scenario: then a free one is taken`,
      cause: error,
    })
  }
}

/** The process that listens on a port; `null` where it cannot be seen (another user's, another container's). */
export function holderOf(port: number): { readonly pid: number; readonly command: string | null } | null {
  const links = new Set(listeningInodes(port).map((inode) => `socket:[${inode}]`))
  if (links.size === 0) return null
  for (const name of listFolder('/proc')) {
    if (/^\d+$/.test(name) && holdsOneOf(name, links)) return { pid: Number(name), command: commandOf(Number(name)) }
  }
  return null
}

/**
 * Inodes of the sockets that listen on a port, from /proc/<pid>/net/tcp: `sl local_address rem_address st … inode`.
 * @param pid a process in the network that is looked at
 */
export function listeningInodes(port: number, pid: number | 'self' = 'self'): string[] {
  const LISTEN = '0A'
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['tcp', 'tcp6'].flatMap((table) => {
    const rows = readTextOrNothing(`/proc/${pid}/net/${table}`).split('\n').slice(1)
    return rows.flatMap((row) => {
      const fields = row.trim().split(/\s+/)
      return fields[1]?.endsWith(suffix) && fields[3] === LISTEN ? (fields[9] ?? []) : []
    })
  })
}

function holdsOneOf(pid: string, links: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return links.has(readlinkSync(`/proc/${pid}/fd/${fd}`))
      } catch {
        return false // Closed at this moment.
      }
    })
  } catch {
    return false // Gone, or another user's.
  }
}

function saysPortTaken(error: unknown): boolean {
  return error instanceof BenchError && error.evidence.some((line) => /address already in use|EADDRINUSE/i.test(line))
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => resolve(server))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}

function readTextOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
