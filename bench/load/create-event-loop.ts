// Which event loop a session runs on.
import type { TlsSettings } from '../core/tls.ts'
import { EpollLoop } from './epoll/epoll-loop.ts'
import { loadLibc } from './epoll/libc.ts'
import type { EventLoop } from './event-loop.ts'
import { NodeLoop } from './node-loop.ts'

/** epoll where the machine has it; TLS lives in Node's sockets. */
export function createEventLoop(tls: TlsSettings | null): EventLoop {
  const libc = tls === null ? loadLibc() : null
  return libc === null ? new NodeLoop() : new EpollLoop(libc)
}
