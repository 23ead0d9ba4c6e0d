// Which function opens which engine's session.

import { NodeLoop } from '../event-loop/node-loop.ts'
import type { EngineName } from '../scenario/types.ts'
import { openNativeSession, openTransportSession } from './native-session.ts'
import type { LoadJob, LoadSession } from './types.ts'

type OpenSession = (job: LoadJob, signal: AbortSignal) => Promise<LoadSession>

/** The reference engines are loaded when they are asked for: a load thread without them starts in half the time. */
const OPEN = {
  native: openNativeSession,
  async autocannon(job, signal) {
    const { openAutocannonSession } = await import('./autocannon-session.ts')
    return openAutocannonSession(job, signal)
  },
  async 'grpc-js'(job, signal) {
    const { createGrpcJsTransport } = await import('./grpc-js-transport.ts')
    return openTransportSession(job, signal, createGrpcJsTransport, new NodeLoop())
  },
} satisfies Record<EngineName, OpenSession>

/** Opens a trial's session with the engine of its target, on this thread. */
export function openSession(job: LoadJob, signal: AbortSignal): Promise<LoadSession> {
  return OPEN[job.target.engine](job, signal)
}
