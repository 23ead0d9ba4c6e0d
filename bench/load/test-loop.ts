// For tests: the event loop that a transport's sockets are of.
import type { TlsSettings } from '../core/tls.ts'
import { eventLoopChoice, openBackend } from '../event-loop/create-event-loop.ts'
import { DirectLoop } from '../event-loop/direct-loop.ts'
import { loadLibc } from '../event-loop/libc.ts'
import { NodeLoop } from '../event-loop/node-loop.ts'
import type { EventLoop, WireOptions } from '../event-loop/types.ts'

let connects = 0

/** As for a session, but it never sleeps: the test's server is on the same thread. */
export function testLoop(tls: TlsSettings | null = null): EventLoop {
  // vitest.config.ts chooses others for further runs of these tests.
  const libc = tls !== null || eventLoopChoice() === 'node' ? null : loadLibc()
  const loop = libc === null ? new NodeLoop() : new DirectLoop(libc, openBackend, false)
  const connect = loop.connect.bind(loop)
  return Object.assign(loop, {
    connect(options: WireOptions) {
      connects++
      return connect(options)
    },
  })
}

/** Counts the connections that plain transports open from here on. */
export function countConnects(): () => number {
  const before = connects
  return () => connects - before
}
