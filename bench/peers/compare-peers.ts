// Runs every client on every work, one after the other, round by round, and gathers what came of it.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CalibrationServer, startCalibrationServer } from '../calibration/server.ts'
import { CleanupStack } from '../core/cleanup.ts'
import { type HostFacts, readCpuTicks, readHostFacts, stealFraction } from '../measurement/host.ts'
import { PACKAGE_DIR } from '../project.ts'
import { type FoundPeer, findPeer } from './find-peer.ts'
import { type Measurement, measureClient } from './measure-client.ts'
import type { Peer, PeerJob } from './peer.ts'
import { choosePinning, type Pinning } from './pinning.ts'
import { answerOf, type RequestFiles, writeRequest } from './request.ts'
import type { Work, WorkName } from './works.ts'

/** Between the beginning of the load and the window. */
const SETTLE_MS = 1000
/** What a client sends beside the window: a second before it, a second after. */
const MARGIN_SECONDS = 2

export interface PeersOptions {
  readonly peers: readonly Peer[]
  readonly works: readonly Work[]
  readonly rounds: number
  /** Of each measurement. */
  readonly seconds: number
}

export interface PeerRounds {
  readonly name: string
  readonly version: string | null
  /** Round by round, up to the one that failed. */
  readonly rounds: readonly Measurement[]
  /** Why it was not measured (to the end); `null` where it was. */
  readonly failure: string | null
}

export interface WorkResult {
  readonly work: WorkName
  readonly title: string
  readonly peers: readonly PeerRounds[]
}

export interface PeersDocument {
  readonly startedAt: string
  readonly finishedAt: string
  readonly rounds: number
  readonly seconds: number
  readonly host: HostFacts
  readonly pinning: string
  /** Share of CPU time that the hypervisor took meanwhile. */
  readonly stealFraction: number | null
  readonly works: readonly WorkResult[]
  /** Not on PATH. */
  readonly absent: readonly string[]
}

export interface PeersContext {
  readonly progress: (line: string) => void
  readonly signal: AbortSignal
}

/** @throws the signal's reason */
export async function comparePeers(options: PeersOptions, context: PeersContext): Promise<PeersDocument> {
  const startedAt = new Date().toISOString()
  const ticks = readCpuTicks()
  const pinning = choosePinning()
  context.progress(pinning.text)
  const found = await findAll(options.peers, context)
  const folder = mkdtempSync(join(tmpdir(), 'dyno-peers-'))
  const works: WorkResult[] = []
  try {
    for (const work of options.works) {
      const able = found.filter(({ peer }) => peer.works.includes(work.name))
      works.push(await runWork({ work, able, folder: join(folder, work.name), pinning }, options, context))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  const names = new Set(found.map(({ peer }) => peer.name))
  return {
    startedAt,
    finishedAt: new Date().toISOString(),
    rounds: options.rounds,
    seconds: options.seconds,
    host: readHostFacts(),
    pinning: pinning.text,
    stealFraction: stealFraction(ticks, readCpuTicks()),
    works,
    absent: options.peers.map(({ name }) => name).filter((name) => !names.has(name)),
  }
}

async function findAll(peers: readonly Peer[], { progress, signal }: PeersContext): Promise<FoundPeer[]> {
  const found: FoundPeer[] = []
  for (const peer of peers) {
    const one = await findPeer(peer)
    signal.throwIfAborted()
    if (one !== null) found.push(one)
    progress(one === null ? `${peer.name}: not found` : `${peer.name} ${one.version ?? '(tells no version)'}`)
  }
  return found
}

interface WorkSetting {
  readonly work: Work
  readonly able: readonly FoundPeer[]
  readonly folder: string
  readonly pinning: Pinning
}

async function runWork(setting: WorkSetting, options: PeersOptions, context: PeersContext): Promise<WorkResult> {
  const { work, folder, pinning } = setting
  mkdirSync(folder)
  const cleanup = new CleanupStack()
  const start = async (protocol: 'http' | 'grpc') => {
    const behaviour = { kind: 'null' } as const
    const server = await startCalibrationServer({
      protocol,
      cpu: pinning.server,
      answer: answerOf(protocol),
      behaviour,
    })
    cleanup.push(`null server (${protocol})`, () => server.close())
    return server
  }
  try {
    const server = await start(work.protocol)
    const looked = work.protocol === 'http' ? server : await start('http')
    const request = writeRequest(work.protocol, folder)
    const jobOf = (run: string) =>
      makeJob({ work, server, httpUrl: looked.address, request, seconds: options.seconds, folder: join(folder, run) })
    return await runRounds({ ...setting, server, jobOf }, options, context)
  } finally {
    for (const line of await cleanup.run()) context.progress(line)
  }
}

interface JobParts extends Pick<PeerJob, 'work' | 'httpUrl' | 'folder'> {
  readonly server: CalibrationServer
  readonly request: RequestFiles
  /** Of the measurement. */
  readonly seconds: number
}

function makeJob({ work, server, httpUrl, request, seconds, folder }: JobParts): PeerJob {
  const address = addressOf(server)
  const { path, ...files } = request
  return {
    work,
    url: `http://${address}${path}`,
    address,
    httpUrl,
    seconds: seconds + MARGIN_SECONDS,
    ...files,
    protoFile: join(PACKAGE_DIR, 'bench', 'protocol', 'kserve.proto'),
    folder,
  }
}

/** `host:port`, of HTTP and gRPC servers alike. */
function addressOf({ address }: CalibrationServer): string {
  return address.replace(/^http:\/\//, '')
}

interface Rounds extends WorkSetting {
  readonly server: CalibrationServer
  readonly jobOf: (run: string) => PeerJob
}

/** Every second round goes backwards, so that a machine that slows down does so for all alike. */
async function runRounds(
  { work, able, pinning, server, jobOf }: Rounds,
  { rounds, seconds }: PeersOptions,
  { progress, signal }: PeersContext,
): Promise<WorkResult> {
  const results = able.map((found) => ({ found, rounds: [] as Measurement[], failure: null as string | null }))
  const measured = {
    port: Number(new URL(`http://${addressOf(server)}`).port),
    answered: () => server.answered(),
  }
  const options = { server: measured, settleMs: SETTLE_MS, windowMs: seconds * 1e3, cpu: pinning.client, signal }
  for (let round = 1; round <= rounds; round++) {
    for (const result of round % 2 === 1 ? results : results.toReversed()) {
      if (result.failure !== null) continue
      const { name } = result.found.peer
      const measurement = await measureClient(result.found, jobOf(`${name}-${round}`), options)
      const what = `${work.name}, round ${round} of ${rounds}, ${name}`
      if (measurement.ok) {
        const { ok: _, ...figures } = measurement
        result.rounds.push(figures)
        progress(`${what}: ${figures.cpuUsPerRequest.toFixed(1)} µs, ${Math.round(figures.requestsPerSec)} requests/s`)
      } else {
        result.failure = measurement.reason
        progress(`${what}: ${measurement.reason}`)
      }
    }
  }
  const peers = results.map(({ found: { peer, version }, ...rest }) => ({ name: peer.name, version, ...rest }))
  return { work: work.name, title: work.title, peers }
}
