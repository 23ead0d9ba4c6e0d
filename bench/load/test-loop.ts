// For tests: the event loop that a transport's sockets are of.
import type { TlsSettings } from '../core/tls.ts'
import { EpollLoop } from '../event-loop/epoll-loop.ts'
import { loadLibc } from '../event-loop/libc.ts'
import { NodeLoop } from '../event-loop/node-loop.ts'
import type { EventLoop, WireOptions } from '../event-loop/types.ts'

let connects = 0

/** As for a session, but it never sleeps: the test's server is on the same thread. */
export function testLoop(tls: TlsSettings | null = null): EventLoop {
  // Set for the second run of these tests, see vitest.config.ts.
  const libc = tls !== null || process.env.DYNO_TEST_LOOP === 'node' ? null : loadLibc()
  const loop = libc === null ? new NodeLoop() : new EpollLoop(libc, false)
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
