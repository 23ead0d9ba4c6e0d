// DYNO_EVENT_LOOP: what load threads wait with, by name.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { itWith } from '../testing/requirement.ts'
import { systemCalls } from '../testing/requirements.ts'
import { createEventLoop, EVENT_LOOP_VARIABLE, loadThreadAbilities, openBackend } from './create-event-loop.ts'
import { KernelClock } from './kernel-clock.ts'

const SYSTEM_CALLS = systemCalls()
afterEach(() => vi.unstubAllEnvs())

describe('DYNO_EVENT_LOOP', () => {
  it('node takes Node’s own loop, whatever the machine has', () => {
    vi.stubEnv(EVENT_LOOP_VARIABLE, 'node')
    expect(loadThreadAbilities()).toMatchObject({ waitsWith: 'node', answersTimedBy: 'thread' })
    const loop = createEventLoop(null)
    expect(loop.constructor.name).toBe('NodeLoop')
    loop.close()
  })

  itWith(SYSTEM_CALLS, 'epoll leaves io_uring alone', () => {
    vi.stubEnv(EVENT_LOOP_VARIABLE, 'epoll')
    expect(loadThreadAbilities()).toMatchObject({ waitsWith: 'epoll' })
  })

  itWith(SYSTEM_CALLS, 'io_uring is refused where it is forbidden, never replaced', (libc) => {
    vi.stubEnv(EVENT_LOOP_VARIABLE, 'io_uring')
    const forbidding = { ...libc, uringSetup: () => -1 }
    expect(() => openBackend(forbidding, new KernelClock(forbidding))).toThrow(
      expect.objectContaining({ code: 'event-loop-unavailable', kind: 'environment', place: EVENT_LOOP_VARIABLE }),
    )
  })

  it('names the names that there are', () => {
    vi.stubEnv(EVENT_LOOP_VARIABLE, 'uring')
    expect(() => loadThreadAbilities()).toThrow(
      expect.objectContaining({ code: 'event-loop', hint: 'write one of: auto, io_uring, epoll, node' }),
    )
  })
})
