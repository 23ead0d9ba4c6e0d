// Which function opens which engine's session.
import type { EngineName } from '../scenario/types.ts'
import { openAutocannonSession } from './autocannon-session.ts'
import { createGrpcJsTransport } from './grpc-js-transport.ts'
import { openNativeSession, openTransportSession } from './native-session.ts'
import type { LoadJob, LoadSession } from './types.ts'

type OpenSession = (job: LoadJob, signal: AbortSignal) => Promise<LoadSession>

const OPEN = {
  native: openNativeSession,
  autocannon: openAutocannonSession,
  'grpc-js': (job, signal) => openTransportSession(job, signal, createGrpcJsTransport),
} satisfies Record<EngineName, OpenSession>

/** Opens a trial's session with the engine of its target, on this thread. */
export function openSession(job: LoadJob, signal: AbortSignal): Promise<LoadSession> {
  return OPEN[job.target.engine](job, signal)
}
