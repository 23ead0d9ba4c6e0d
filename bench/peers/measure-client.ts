// One measurement of one client: its CPU time against the server's own count of answers, in a window inside its load.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nowNs, sleep } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import { capture } from '../runtime/capture.ts'
import { type ClientProcess, startClient } from './client-process.ts'
import { countConnections } from './connections.ts'
import { type FoundPeer, peerEnvironment } from './find-peer.ts'
import type { PeerCommand, PeerJob, PeerReport } from './peer.ts'

export interface MeasuredServer {
  readonly port: number
  /** Requests answered so far. */
  answered(): Promise<number>
}

export interface Measurement {
  readonly cpuUsPerRequest: number
  readonly requestsPerSec: number
  /** CPU time per time: at 1 the client was at its limit, below it waited for the server. */
  readonly clientCores: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

export type MeasurementResult =
  | ({ readonly ok: true } & Measurement)
  /** It did not run, did not do this work, or its requests failed. */
  | { readonly ok: false; readonly reason: string }

export interface MeasureOptions {
  readonly server: MeasuredServer
  /** From the beginning of the load to that of the window. */
  readonly settleMs: number
  /** Length of the window. */
  readonly windowMs: number
  /** Core of the client; null for any. */
  readonly cpu: number | null
  readonly signal: AbortSignal
}

/** Clients look at the server before they load it, with fewer requests than this. */
const LOOKING_REQUESTS = 200
const BEGIN_TIMEOUT_MS = 20_000
const END_TIMEOUT_MS = 40_000
const POLL_MS = 20
/** After the window there must be an answer within this, or the load ended inside it. */
const STILL_SENDING_MS = 100
const REPORT_TIMEOUT_MS = 60_000
/** A client may leave the connection open over which it looked. */
const SPARE_CONNECTIONS = 1

/** @throws the signal's reason */
export async function measureClient(
  { peer, binary }: FoundPeer,
  job: PeerJob,
  options: MeasureOptions,
): Promise<MeasurementResult> {
  mkdirSync(job.folder, { recursive: true })
  const command = peer.command(job)
  for (const [name, text] of Object.entries(command.files ?? {})) writeFileSync(join(job.folder, name), text)
  const env = { ...peerEnvironment(), ...command.env }
  const client = startClient({ binary, args: command.args, env, folder: job.folder, cpu: options.cpu })
  try {
    const window = await measureWindow(client, job, options)
    if (!window.ok) return window
    await Promise.race([client.ended, sleep(END_TIMEOUT_MS, options.signal)])
    options.signal.throwIfAborted()
    const end = client.end()
    if (end === null) return failed('it did not end')
    if (!(peer.goodExitCodes ?? [0]).some((code) => code === end)) return failed(endText(end, client))
    const report = await readReport({ peer, binary }, { job, command, client, env })
    return report.ok ? { ...window, p50Ms: report.p50Ms, p99Ms: report.p99Ms } : report
  } finally {
    await client.stop()
  }
}

interface Reading {
  readonly answered: number
  readonly cpuSeconds: number
  readonly atNs: number
}

async function measureWindow(
  client: ClientProcess,
  { work }: PeerJob,
  { server, settleMs, windowMs, signal }: MeasureOptions,
): Promise<MeasurementResult> {
  if (!(await hasBegun(client, server, signal))) {
    const end = client.end()
    return failed(end === null ? `it sent hardly a request in ${BEGIN_TIMEOUT_MS / 1e3} s` : endText(end, client))
  }
  await sleep(settleMs, signal)
  const before = await read(client, server)
  const connections = countConnections(server.port)
  await sleep(windowMs, signal)
  const after = await read(client, server)
  await sleep(STILL_SENDING_MS, signal)
  signal.throwIfAborted()
  if (before === null || after === null) return failed(endText(client.end() ?? 'too early', client))
  if (after.answered === before.answered || (await server.answered()) === after.answered)
    return failed('it stopped sending before its time')
  if (connections !== null && (connections < work.connections || connections > work.connections + SPARE_CONNECTIONS)) {
    return failed(`it keeps ${connections} connections open, not ${work.connections}`)
  }
  return { ok: true, ...between(before, after), p50Ms: null, p99Ms: null }
}

/** CPU time of /proc has steps of 10 ms. */
function between(before: Reading, after: Reading): Omit<Measurement, 'p50Ms' | 'p99Ms'> {
  const answered = after.answered - before.answered
  const seconds = (after.atNs - before.atNs) / 1e9
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds
  return {
    cpuUsPerRequest: (cpuSeconds * 1e6) / answered,
    requestsPerSec: answered / seconds,
    clientCores: cpuSeconds / seconds,
  }
}

async function hasBegun(client: ClientProcess, server: MeasuredServer, signal: AbortSignal): Promise<boolean> {
  const beginning = (await server.answered()) + LOOKING_REQUESTS
  const untilNs = nowNs() + BEGIN_TIMEOUT_MS * 1e6
  while (nowNs() < untilNs && client.end() === null) {
    if ((await server.answered()) >= beginning) return true
    await sleep(POLL_MS, signal)
    signal.throwIfAborted()
  }
  return false
}

/** The client is read as soon as the server's count is there. null if the client has ended. */
async function read(client: ClientProcess, server: MeasuredServer): Promise<Reading | null> {
  const answered = await server.answered()
  const cpuSeconds = client.cpuSeconds()
  return cpuSeconds === null ? null : { answered, cpuSeconds, atNs: nowNs() }
}

interface Ended {
  readonly job: PeerJob
  readonly command: PeerCommand
  readonly client: ClientProcess
  readonly env: NodeJS.ProcessEnv
}

async function readReport(
  { peer, binary }: Pick<FoundPeer, 'peer' | 'binary'>,
  { job, command, client, env }: Ended,
): Promise<PeerReport> {
  try {
    const { reportFile, reportArgs } = command
    const file = reportFile === undefined ? '' : readFileSync(join(job.folder, reportFile), 'utf8')
    if (reportArgs === undefined) return peer.parse({ stdout: client.stdout(), file })
    const { code, stdout, stderr } = await capture(binary, reportArgs, { timeoutMs: REPORT_TIMEOUT_MS, env })
    return code === 0 ? peer.parse({ stdout, file }) : failed(`its report failed: ${stderr.trim().slice(-200)}`)
  } catch (error) {
    return failed(`its report cannot be read: ${messageOf(error).split('\n').join(' ').slice(0, 200)}`)
  }
}

function endText(end: number | string, client: ClientProcess): string {
  return `it ended with ${typeof end === 'number' ? `code ${end}` : end}: ${client.lastWords()}`
}

function failed(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason }
}
