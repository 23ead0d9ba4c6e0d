// The native engine: one loop over raw sockets, the same for both protocols, so that a difference is never the client's.

import { createEventLoop } from '../event-loop/create-event-loop.ts'
import type { EventLoop } from '../event-loop/types.ts'
import { makeCodec } from '../protocol/codec.ts'
import { maxAnswerBytes } from '../protocol/json-answer.ts'
import { addressesOf, addressFor } from './addresses.ts'
import { AnswerCheck, exactOutputs } from './answer-check.ts'
import { createGrpcTransport } from './grpc-transport.ts'
import { createHttpTransport } from './http-transport.ts'
import { mergeResults } from './merge-results.ts'
import { runPhase, startPhase } from './native-phase.ts'
import { preparedBodies } from './prepared-bodies.ts'
import { probeAll } from './probe.ts'
import { SwitchedSink } from './switched-sink.ts'
import type { Transport, TransportOptions } from './transport.ts'
import type { LoadJob, LoadSession, Phase, PhaseListener, PhaseProgress, PhaseResult } from './types.ts'

const TRANSPORTS = { http: createHttpTransport, grpc: createGrpcTransport } as const

/** Opens the trial's connections. @throws RangeError for a load that the protocol cannot carry */
export function openNativeSession(job: LoadJob, signal: AbortSignal): Promise<LoadSession> {
  return openTransportSession(job, signal, TRANSPORTS[job.target.protocol], createEventLoop(job.tls))
}

/** The loops over any transport: engines that differ in the client only. */
export async function openTransportSession(
  job: LoadJob,
  signal: AbortSignal,
  createTransport: (options: TransportOptions) => Transport,
  loop: EventLoop,
): Promise<LoadSession> {
  const { trial, target } = job
  const codec = makeCodec(target, job.model, trial.batchSize)
  const sink = new SwitchedSink()
  const { host, port } = hostAndPort(job.address)
  const addresses = await addressesOf(host, port)
  const bodies = await preparedBodies(job, codec, signal)
  const make = () =>
    createTransport({
      host,
      port,
      addressOf: (connection) => addressFor(addresses, connection, job.share),
      tls: job.tls,
      loop,
      lanes: trial.load.model === 'closed' ? trial.load.concurrency : trial.load.maxInFlight,
      connections: trial.load.connections,
      path: codec.path,
      headers: codec.requestHeaders,
      bodies,
      maxAnswerBytes: maxAnswerBytes(job.model, trial.batchSize),
      connectTimeoutMs: trial.timeoutMs,
      timeoutMs: trial.timeoutMs,
      streaming: target.streaming,
      ...(codec.partOf === undefined ? {} : { partOf: codec.partOf }),
      sink,
    })
  const transport = madeOn(loop, make)
  await transport.open()
  let phases = 0
  let nextVariant = 0
  const runOne = async (phase: Phase, listener: PhaseListener, recordsFromNs: number | null) => {
    const check = new AnswerCheck(codec, job, {
      exact: exactOutputs(job.model),
      seed: job.seed,
      purpose: `${trial.id}, phase ${phases}, thread ${job.share.index}`,
    })
    sink.current = null
    const run = await startPhase(phase, {
      transport,
      loop,
      check,
      timeoutMs: trial.timeoutMs,
      statusPrefix: target.protocol === 'http' ? 'status' : 'grpc',
      firstVariant: nextVariant,
      variants: bodies.length,
      onRecords: (records) => listener.onRecords(records),
      recordsFromNs,
    })
    sink.current = run
    const onProgress = (progress: PhaseProgress) => listener.onProgress(progress)
    const context = { job, phase, transport, loop, signal, onProgress, addresses: addresses.length, number: phases++ }
    const result = await runPhase(run, context)
    nextVariant = run.nextVariant
    return { startNs: run.startNs, result: { ...result, verification: check.result() } satisfies PhaseResult }
  }
  return {
    probe: (request = {}) =>
      probeAll(
        {
          transport,
          codec,
          sink,
          timeoutMs: trial.timeoutMs,
          signal,
          requests: bodies.length,
          isStreaming: target.streaming,
        },
        request,
      ),
    async run(phase, listener) {
      if (phase.name === 'measure') return (await runOne(phase, listener, null)).result
      const [firstPart, rest] = partsOf(phase)
      const first = await runOne(firstPart, listener, null)
      const second = await runOne(rest, listener, first.startNs)
      return mergeResults([first.result, second.result])
    },
    async close() {
      await transport.close()
      loop.close()
    },
  }
}

function madeOn(loop: EventLoop, make: () => Transport): Transport {
  try {
    return make()
  } catch (error) {
    loop.close()
    throw error
  }
}

const LONGEST_FIRST_PART_MS = 200

/**
 * A warm-up is two phases, since code is compiled for what it has seen, and the end of a phase is only seen when it
 * comes: after a single one the compiled loop would be thrown away, and the window would begin with slow code.
 */
function partsOf(warmup: Phase): [Phase, Phase] {
  const firstMs = Math.min(LONGEST_FIRST_PART_MS, warmup.durationMs / 4)
  return [
    { ...warmup, durationMs: firstMs },
    { ...warmup, durationMs: warmup.durationMs - firstMs, startsAtNs: null },
  ]
}

/** `http://host:port`, `https://host:port` or `host:port`; IPv6 hosts stay in brackets. */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const url = new URL(address.includes('://') ? address : `http://${address}`)
  return { host: url.hostname, port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)) }
}
