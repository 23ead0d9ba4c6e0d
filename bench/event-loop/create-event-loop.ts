// Which event loop a session runs on.
import type { TlsSettings } from '../core/tls.ts'
import { EpollLoop } from './epoll-loop.ts'
import { loadLibc, mayGoFirst } from './libc.ts'
import { NodeLoop } from './node-loop.ts'
import type { EventLoop, LoadThreadAbilities } from './types.ts'

/** epoll where the machine has it; TLS lives in Node's sockets. */
export function createEventLoop(tls: TlsSettings | null): EventLoop {
  const libc = tls === null ? loadLibc() : null
  return libc === null ? new NodeLoop() : new EpollLoop(libc)
}

export function loadThreadAbilities(): LoadThreadAbilities {
  const libc = loadLibc()
  if (libc === null) return { answersTimedBy: 'thread', openLoopPriority: 'normal' }
  return { answersTimedBy: 'kernel', openLoopPriority: mayGoFirst(libc) ? 'real-time' : 'normal' }
}
