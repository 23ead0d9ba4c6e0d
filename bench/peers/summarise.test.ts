// The rows and the page, from rounds with known figures.
import { expect, it } from 'vitest'
import type { PeerRounds, PeersDocument, WorkResult } from './compare-peers.ts'
import type { Measurement } from './measure-client.ts'
import { renderPeers } from './render.ts'
import { rowsOf } from './summarise.ts'

const round = (cpuUsPerRequest: number, p50Ms: number | null = null): Measurement => ({
  cpuUsPerRequest,
  requestsPerSec: 1e6 / cpuUsPerRequest,
  clientCores: 1,
  p50Ms,
  p99Ms: null,
})

const peer = (name: string, rounds: readonly Measurement[], failure: string | null = null): PeerRounds => ({
  name,
  version: '1.0',
  rounds,
  failure,
})

const work = (...peers: readonly PeerRounds[]): WorkResult => ({ work: 'http', title: 'HTTP', peers })

it('divides round by round, so that a slow round of both is not a difference', () => {
  const [, row] = rowsOf(
    work(
      peer(
        'dyno',
        [10, 40, 12].map((us) => round(us)),
      ),
      peer(
        'wrk',
        [20, 80, 24].map((us) => round(us)),
      ),
    ),
  )
  expect(row).toMatchObject({
    name: 'wrk',
    cpuUsPerRequest: { median: 24, low: 20, high: 80 },
    dynoRatio: { median: 0.5, low: 0.5, high: 0.5 },
  })
})

it('lists the cheapest first and leaves out those that failed', () => {
  const rows = rowsOf(
    work(peer('dyno', [round(10)]), peer('hey', [round(30)], 'it ended with code 1'), peer('wrk', [round(5)])),
  )
  expect(rows.map(({ name }) => name)).toEqual(['wrk', 'dyno'])
})

it('has no ratio where dyno was not measured', () => {
  expect(rowsOf(work(peer('dyno', [], 'it failed'), peer('wrk', [round(5)])))[0]?.dynoRatio).toBeNull()
})

it('takes the median of the percentiles that there are', () => {
  const [row] = rowsOf(work(peer('wrk', [round(5, 1), round(5), round(5, 3)])))
  expect(row).toMatchObject({ p50Ms: 2, p99Ms: null })
})

it('prints tables, failures, absent tools and conditions', () => {
  const document: PeersDocument = {
    startedAt: '2026-01-02T03:04:05.000Z',
    finishedAt: '2026-01-02T03:05:05.000Z',
    rounds: 2,
    seconds: 5,
    host: { cpu: 'A CPU', cores: 2, memoryBytes: 1, kernel: '6.1', governor: null, gpu: null, node: 'v24.0.0' },
    pinning: 'server on core 0, client on core 1',
    stealFraction: 0.0123,
    works: [work(peer('dyno', [round(10, 0.25), round(12, 0.35)]), peer('hey', [], 'it | stopped'))],
    absent: ['wrk', 'ab'],
  }
  expect(renderPeers(document)).toBe(`## HTTP

| client | version | CPU per request, µs | requests/s | client’s core busy | p50, ms | p99, ms | CPU per request, dyno ÷ client |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
| **dyno** | 1.0 | 11.0 (10.0–12.0) | 91,667 | 100 % | 0.300 | – | 1.00 |

Not measured:
- hey: it | stopped

Not found on PATH: wrk, ab.

CPU time is that of the whole process tree, in a window inside the load, over the answers that the server counted
in it: start, warm-up and reports are not in it. Percentiles are the tools’ own.

- A CPU, 2 cores, kernel 6.1
- Node.js v24.0.0
- server on core 0, client on core 1
- 2 rounds of 5 s per client, medians (lowest to highest)
- CPU time stolen by the hypervisor: 1.2 %
- 2026-01-02T03:04:05.000Z to 2026-01-02T03:05:05.000Z
`)
})
