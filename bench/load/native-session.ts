// The native engine: one loop over raw sockets, the same for both protocols, so that a difference is never the client's.
import { seededRandom } from '../core/random.ts'
import { makeCodec } from '../protocol/codec.ts'
import { AnswerCheck } from './answer-check.ts'
import { arrivals } from './arrivals.ts'
import { meterClient } from './client-meter.ts'
import { runClosedLoop } from './closed-loop.ts'
import { createGrpcTransport } from './grpc-transport.ts'
import { createHttpTransport } from './http-transport.ts'
import { makeInputs } from './inputs.ts'
import { runOpenLoop } from './open-loop.ts'
import { PhaseRun } from './phase-run.ts'
import { probeAll } from './probe.ts'
import { SwitchedSink } from './switched-sink.ts'
import type { Transport, TransportOptions } from './transport.ts'
import type { LoadJob, LoadSession, Phase, PhaseProgress, PhaseResult } from './types.ts'

const PROGRESS_EVERY_MS = 250

const TRANSPORTS = { http: createHttpTransport, grpc: createGrpcTransport } as const

/** Opens the trial's connections. @throws RangeError for a load that the protocol cannot carry */
export function openNativeSession(job: LoadJob, signal: AbortSignal): Promise<LoadSession> {
  return openTransportSession(job, signal, TRANSPORTS[job.target.protocol])
}

/** The loops over any transport: engines that differ in the client only. */
export async function openTransportSession(
  job: LoadJob,
  signal: AbortSignal,
  createTransport: (options: TransportOptions) => Transport,
): Promise<LoadSession> {
  const { trial, target } = job
  const codec = makeCodec(target, job.model, trial.batchSize)
  const sink = new SwitchedSink()
  const transport = createTransport({
    ...hostAndPort(job.address),
    lanes: trial.load.model === 'closed' ? trial.load.concurrency : trial.load.maxInFlight,
    connections: trial.load.connections,
    path: codec.path,
    headers: codec.requestHeaders,
    bodies: makeInputs(job.model, trial.batchSize, job.seed).map((inputs) => codec.encode(inputs)),
    connectTimeoutMs: trial.timeoutMs,
    sink,
  })
  await transport.open()
  let phases = 0
  let nextVariant = 0
  return {
    probe: () => probeAll(transport, codec, sink, trial.timeoutMs),
    async run(phase, onProgress) {
      const check = new AnswerCheck(codec, job)
      const statusPrefix = target.protocol === 'http' ? 'status' : 'grpc'
      const run = new PhaseRun({
        transport,
        check,
        timeoutMs: trial.timeoutMs,
        statusPrefix,
        firstVariant: nextVariant,
      })
      sink.current = run
      const result = await runPhase(run, { job, phase, transport, signal, onProgress, number: phases++ })
      nextVariant = run.nextVariant
      return { ...result, verification: check.result() }
    },
    close: () => transport.close(),
  }
}

interface PhaseContext {
  readonly job: LoadJob
  readonly phase: Phase
  readonly transport: Transport
  readonly signal: AbortSignal
  readonly onProgress: (progress: PhaseProgress) => void
  /** Of the phase within the session: each has arrivals of its own. */
  readonly number: number
}

async function runPhase(run: PhaseRun, context: PhaseContext): Promise<Omit<PhaseResult, 'verification'>> {
  const { phase, signal } = context
  const startedAtMs = Date.now()
  const stopMeter = meterClient()
  const stopTimeouts = run.watchTimeouts()
  const progress = setInterval(() => context.onProgress(run.progress()), PROGRESS_EVERY_MS)
  const counts = await Promise.race([drive(run, context), whenAborted(signal)])
  const censored = run.end()
  clearInterval(progress)
  stopTimeouts()
  const columns = run.recorder.finish()
  const ranNs = run.elapsedNs()
  return {
    startedAtMs,
    windowNs: signal.aborted ? Math.min(ranNs, phase.durationMs * 1e6) : phase.durationMs * 1e6,
    columns,
    ...counts,
    censored,
    errors: run.failures.counts,
    errorExamples: run.failures.examples,
    client: stopMeter(columns),
  }
}

/** Drives one phase by the trial's load model. */
async function drive(run: PhaseRun, { job, phase, transport, number }: PhaseContext) {
  const { load } = job.trial
  if (load.model === 'closed') {
    await runClosedLoop(run, transport.lanes, phase.durationMs)
    return { dropped: 0, delayed: 0 }
  }
  const random = seededRandom(job.seed, `arrivals of ${job.trial.id}, phase ${number}`)
  const due = arrivals(load.requestRate, load.distribution, random)
  return runOpenLoop(run, transport.lanes, phase.durationMs, due)
}

function whenAborted(signal: AbortSignal): Promise<{ dropped: number; delayed: number }> {
  return new Promise((resolve) => {
    const nothing = () => resolve({ dropped: 0, delayed: 0 })
    if (signal.aborted) nothing()
    else signal.addEventListener('abort', nothing, { once: true })
  })
}

/** `http://host:port` or `host:port`; IPv6 hosts stay in brackets. */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const url = new URL(address.includes('://') ? address : `http://${address}`)
  return { host: url.hostname, port: Number(url.port || 80) }
}
