// Which event loop a session runs on.
import type { TlsSettings } from '../core/tls.ts'
import type { Backend } from './backend.ts'
import { DirectLoop } from './direct-loop.ts'
import { EpollBackend } from './epoll-backend.ts'
import { KernelClock } from './kernel-clock.ts'
import { type Libc, loadLibc, mayGoFirst } from './libc.ts'
import { NodeLoop } from './node-loop.ts'
import type { EventLoop, LoadThreadAbilities } from './types.ts'
import { UringBackend } from './uring-backend.ts'

/** Node's own for TLS, which lives in its sockets, and where system calls cannot be made. */
export function createEventLoop(tls: TlsSettings | null): EventLoop {
  const libc = tls === null ? loadLibc() : null
  return libc === null ? new NodeLoop() : new DirectLoop(libc, openBackend)
}

export function loadThreadAbilities(): LoadThreadAbilities {
  const libc = loadLibc()
  if (libc === null) return { waitsWith: 'node', answersTimedBy: 'thread', openLoopPriority: 'normal' }
  const backend = openBackend(libc, new KernelClock(libc))
  backend.close()
  return {
    waitsWith: backend.name,
    answersTimedBy: 'kernel',
    openLoopPriority: mayGoFirst(libc) ? 'real-time' : 'normal',
  }
}

/** io_uring takes less CPU a request, and is forbidden in many containers. */
export function openBackend(libc: Libc, clock: KernelClock): Backend {
  return UringBackend.open(libc, clock) ?? new EpollBackend(libc, clock)
}
