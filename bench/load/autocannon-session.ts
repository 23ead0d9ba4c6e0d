// The reference engine autocannon: its own loop, its own client; closed loop over HTTP only. docs/method.md says how it differs.
import autocannon from 'autocannon'
import { nowNs } from '../core/clock.ts'
import { NodeLoop } from '../event-loop/node-loop.ts'
import { makeCodec } from '../protocol/codec.ts'
import { AnswerCheck, exactOutputs } from './answer-check.ts'
import { meterClient } from './client-meter.ts'
import { FailureLog } from './failure-log.ts'
import { openNativeSession } from './native-session.ts'
import { preparedBodies } from './prepared-bodies.ts'
import { Recorder } from './recorder.ts'
import type { Outcome } from './request-columns.ts'
import type { LoadJob, LoadSession, Phase, PhaseListener, PhaseResult, ProbeRequest } from './types.ts'

/** What this file uses of autocannon's client; its types do not name it. */
interface Client {
  pipelinedRequests: { clear(): void }
  _connect: () => void
  on(event: 'response', listener: (status: number, bytes: number, responseMs: number) => void): void
  on(event: 'connError' | 'reqError', listener: (error: Error) => void): void
  on(event: 'timeout', listener: () => void): void
}

export function openAutocannonSession(job: LoadJob, signal: AbortSignal): Promise<LoadSession> {
  return Promise.resolve({
    probe: (request) => probeNatively(job, signal, request),
    run: (phase, { onRecords }) => runPhase(job, phase, signal, onRecords),
    close: () => Promise.resolve(),
  })
}

/**
 * The agreement check compares servers, not clients: it goes through the native engine. Its connections are closed
 * again at once: an idle one occupies a thread of a small server.
 */
async function probeNatively(job: LoadJob, signal: AbortSignal, request?: ProbeRequest) {
  const session = await openNativeSession(job, signal)
  try {
    return await session.probe(request)
  } finally {
    await session.close()
  }
}

async function runPhase(
  job: LoadJob,
  phase: Phase,
  signal: AbortSignal,
  onRecords: PhaseListener['onRecords'],
): Promise<PhaseResult> {
  const { trial, target, model } = job
  const codec = makeCodec(target, model, trial.batchSize)
  const bodies = (await preparedBodies(job, codec, signal)).map((body) =>
    Buffer.from(body.buffer, body.byteOffset, body.length),
  )
  const check = new AnswerCheck(codec, job, { exact: exactOutputs(model), seed: job.seed, purpose: trial.id })
  const recorder = new Recorder(onRecords)
  const failures = new FailureLog('status')
  const startedAtMs = Date.now()
  const startNs = nowNs()
  const windowNs = phase.durationMs * 1e6
  const stopMeter = meterClient(false, new NodeLoop())
  await shoot(job, phase, bodies, signal, {
    answered(status, bytes, responseNs, body, variant) {
      const receivedNs = nowNs() - startNs
      const sentNs = receivedNs - responseNs
      if (sentNs > windowNs) return
      const outcome = outcomeOf(status, check.accept(variant, body, 0, body.length, -1))
      if (outcome === 'bad-response') failures.describeBody(body, 0, body.length)
      if (outcome !== 'ok') failures.count(outcome, status)
      recorder.add(sentNs, sentNs, receivedNs, outcome, status, bodies[variant]?.length ?? 0, bytes)
    },
    failed(outcome, text) {
      const atNs = nowNs() - startNs
      failures.example(text)
      failures.count(outcome, 0)
      recorder.add(atNs, atNs, atNs, outcome, 0, 0, 0)
    },
  })
  recorder.flush()
  return {
    startedAtMs,
    windowNs: Math.min(windowNs, nowNs() - startNs),
    answered: recorder.length,
    dropped: 0,
    delayed: 0,
    streamWaits: 0,
    // It drops what is in flight at the end, and does not say how many.
    censored: 0,
    // It makes its connections anew for each phase, and does not say how long that took.
    connects: { made: 0, p50Ms: null, p99Ms: null, tookMs: [] },
    errors: failures.counts,
    errorExamples: failures.examples,
    verification: check.result(),
    client: stopMeter(recorder),
  }
}

function outcomeOf(status: number, hasForm: boolean): Outcome {
  if (status !== 200) return 'status'
  return hasForm ? 'ok' : 'bad-response'
}

interface Follower {
  answered(status: number, bytes: number, responseNs: number, body: Buffer, variant: number): void
  failed(outcome: 'connect' | 'timeout' | 'aborted', text: string): void
}

/** Runs autocannon for one phase; its events become calls of the follower. */
function shoot(
  job: LoadJob,
  phase: Phase,
  bodies: readonly Buffer[],
  signal: AbortSignal,
  follower: Follower,
): Promise<void> {
  const { trial, address, target, model } = job
  const codec = makeCodec(target, model, trial.batchSize)
  // onResponse comes right before the client's response event, which alone knows the time: together they are one answer.
  let latest = { variant: 0, body: '' }
  const requests = bodies.map((body, variant) => ({
    method: 'POST' as const,
    headers: { ...codec.requestHeaders },
    body,
    onResponse(_status: number, text: string) {
      latest = { variant, body: text }
    },
  }))
  return new Promise((resolve, reject) => {
    const instance = autocannon(
      {
        url: address + codec.path,
        connections: trial.load.connections,
        duration: phase.durationMs / 1e3,
        timeout: Math.max(1, Math.ceil(trial.timeoutMs / 1e3)),
        requests,
        setupClient(untyped) {
          const client = untyped as unknown as Client
          mendReconnect(client)
          client.on('response', (status, bytes, responseMs) => {
            follower.answered(status, bytes, responseMs * 1e6, Buffer.from(latest.body), latest.variant)
          })
          client.on('timeout', () => follower.failed('timeout', 'autocannon: timeout'))
          client.on('connError', (error) => follower.failed('connect', error.message))
          client.on('reqError', (error) => follower.failed('aborted', error.message))
        },
      },
      (error: unknown) => (error === null || error === undefined ? resolve() : reject(error)),
    )
    signal.addEventListener('abort', () => instance.stop?.(), { once: true })
  })
}

/** autocannon keeps the pending requests of a connection that the server closed, and so counts every later answer to a wrong one. */
function mendReconnect(client: Client): void {
  const connect = client._connect
  client._connect = function connectAfresh(this: Client) {
    this.pipelinedRequests.clear()
    connect.call(this)
  }
}
