// Whole measurements, of small clients written for it, against the null server.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCalibrationServer } from '../calibration/server.ts'
import { sleep } from '../core/clock.ts'
import { listProcesses, startedWith } from '../core/proc-stat.ts'
import { type MeasureOptions, measureClient } from './measure-client.ts'
import type { Peer, PeerJob } from './peer.ts'
import { answerOf, writeRequest } from './request.ts'
import { latencies } from './tools/read-report.ts'
import type { Work } from './works.ts'

/** Posts over CONNECTIONS sockets, one request after the other on each, for so many ms, and says what it likes. */
const CLIENT = `
const { connect } = require('node:net')
const [port, count, ms, code] = process.argv.slice(1).map(Number)
const request = 'POST /x HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: 2\\r\\n\\r\\n{}'
const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'))
for (const socket of sockets) socket.on('connect', () => socket.write(request)).on('data', () => socket.write(request))
setTimeout(() => { console.log('p50 0.5'); console.error('Error: as asked'); process.exit(code) }, ms)
`

const CONNECTIONS = 4
const WINDOW_MS = 300
const SETTLE_MS = 200
/** Both, and room for a slow start. */
const LOAD_MS = 2000
const MARK = 'DYNO_PEER_TEST'

interface Made {
  readonly connections?: number
  readonly loadMs?: number
  readonly exitCode?: number
  readonly parse?: Peer['parse']
}

const folder = mkdtempSync(join(tmpdir(), 'dyno-measure-client-'))
let server: Awaited<ReturnType<typeof startCalibrationServer>>
let port = 0

beforeAll(async () => {
  server = await startCalibrationServer({
    protocol: 'http',
    cpu: null,
    answer: answerOf('http'),
    behaviour: { kind: 'null' },
  })
  port = Number(new URL(server.address).port)
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

function peerOf({ connections = CONNECTIONS, loadMs = LOAD_MS, exitCode = 0, parse }: Made): Peer {
  return {
    name: 'made',
    binary: process.execPath,
    works: ['http'],
    versionArgs: null,
    command: () => ({
      args: ['-e', CLIENT, ...[port, connections, loadMs, exitCode].map(String)],
      env: { [MARK]: folder },
    }),
    parse: parse ?? (() => latencies(0.5, null)),
  }
}

function jobOf(name: string): PeerJob {
  const work: Work = { name: 'http', title: 'four connections', protocol: 'http', connections: CONNECTIONS, streams: 1 }
  const request = writeRequest('http', folder)
  const address = `127.0.0.1:${port}`
  const url = `http://${address}${request.path}`
  return { ...request, work, url, address, httpUrl: url, seconds: 1, protoFile: '', folder: join(folder, name) }
}

function measure(name: string, made: Made, signal = new AbortController().signal) {
  const options: MeasureOptions = {
    server: { port, answered: () => server.answered() },
    settleMs: SETTLE_MS,
    windowMs: WINDOW_MS,
    cpu: null,
    signal,
  }
  return measureClient({ peer: peerOf(made), binary: process.execPath, version: null }, jobOf(name), options)
}

const running = () => listProcesses().filter(({ pid, state }) => state !== 'Z' && startedWith(pid, `${MARK}=${folder}`))

describe.skipIf(process.platform !== 'linux')('measuring a client', () => {
  it('divides its CPU time by the answers that the server counted', async () => {
    const result = await measure('good', {})
    expect(result).toMatchObject({ ok: true, p50Ms: 0.5, p99Ms: null })
    if (!result.ok) return
    expect(result.requestsPerSec).toBeGreaterThan(100)
    expect(result.cpuUsPerRequest).toBeGreaterThan(1)
    expect(result.cpuUsPerRequest * result.requestsPerSec).toBeCloseTo(result.clientCores * 1e6, -1)
  })

  it.each<[string, Made, RegExp]>([
    ['ends too early', { loadMs: 350, exitCode: 3 }, /^it ended with code 3: Error: as asked$/],
    ['has another number of connections', { connections: 2 }, /^it keeps 2 connections open, not 4$/],
    ['fails in the end', { exitCode: 9 }, /^it ended with code 9: Error: as asked$/],
    ['has failed requests', { parse: () => ({ ok: false, reason: '7 failed' }) }, /^7 failed$/],
    ['writes an unknown report', { parse: ({ stdout }) => JSON.parse(stdout) }, /^its report cannot be read: /],
  ])('gives a reason and no figure for one that %s', async (name, made, reason) => {
    expect(await measure(name, made)).toEqual({ ok: false, reason: expect.stringMatching(reason) })
  })

  it('ends the client when it is interrupted', async () => {
    const interruption = new AbortController()
    const measured = measure('interrupted', { loadMs: 60_000 }, interruption.signal)
    const failed = expect(measured).rejects.toBe('SIGINT')
    while (running().length === 0) await sleep(20)
    interruption.abort('SIGINT')
    await failed
    expect(running()).toEqual([])
  })
})
