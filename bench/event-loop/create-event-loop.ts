// Which event loop a session runs on: the leanest that this machine has, or the one that DYNO_EVENT_LOOP names.
import { BenchError } from '../core/errors.ts'
import type { TlsSettings } from '../core/tls.ts'
import type { Backend } from './backend.ts'
import { DirectLoop } from './direct-loop.ts'
import { EpollBackend } from './epoll-backend.ts'
import { KernelClock } from './kernel-clock.ts'
import { type Libc, loadLibc, mayGoFirst } from './libc.ts'
import { NodeLoop } from './node-loop.ts'
import type { EventLoop, LoadThreadAbilities } from './types.ts'
import { UringBackend } from './uring-backend.ts'

export const EVENT_LOOP_VARIABLE = 'DYNO_EVENT_LOOP'
const CHOICES = ['auto', 'io_uring', 'epoll', 'node'] as const
type EventLoopChoice = (typeof CHOICES)[number]

/** @throws BenchError `event-loop` for a name that is none */
export function eventLoopChoice(env: Readonly<Record<string, string | undefined>> = process.env): EventLoopChoice {
  const wanted = env[EVENT_LOOP_VARIABLE] || 'auto'
  const choice = CHOICES.find((name) => name === wanted)
  if (choice !== undefined) return choice
  throw new BenchError({
    kind: 'usage',
    code: 'event-loop',
    message: `there is no event loop '${wanted}'`,
    place: EVENT_LOOP_VARIABLE,
    hint: `write one of: ${CHOICES.join(', ')}`,
  })
}

/**
 * Node's own for TLS, which lives in its sockets, and where system calls cannot be made.
 * @throws BenchError `event-loop`, `event-loop-unavailable`
 */
export function createEventLoop(tls: TlsSettings | null): EventLoop {
  const libc = tls === null ? libcIfWanted() : null
  return libc === null ? new NodeLoop() : new DirectLoop(libc, openBackend)
}

/** @throws BenchError as `createEventLoop` */
export function loadThreadAbilities(): LoadThreadAbilities {
  const libc = libcIfWanted()
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
  const choice = eventLoopChoice()
  const uring = choice === 'epoll' ? null : UringBackend.open(libc, clock)
  if (uring === null && choice === 'io_uring') throw unavailable(choice, 'it needs Linux 6.1, and may be forbidden')
  return uring ?? new EpollBackend(libc, clock)
}

function libcIfWanted(): Libc | null {
  const choice = eventLoopChoice()
  if (choice === 'node') return null
  const libc = loadLibc()
  if (libc === null && choice !== 'auto') throw unavailable(choice, 'system calls cannot be made here')
  return libc
}

/** What was asked for by name is had or refused: figures of another loop would be called by its name. */
function unavailable(choice: EventLoopChoice, why: string): BenchError {
  return new BenchError({
    kind: 'environment',
    code: 'event-loop-unavailable',
    message: `load threads cannot wait with ${choice}: ${why}`,
    place: EVENT_LOOP_VARIABLE,
    hint: `leave ${EVENT_LOOP_VARIABLE} unset: dyno then takes the leanest that this machine has`,
  })
}
