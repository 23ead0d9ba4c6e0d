// Reports as JSON, as the tools write them, shortened to what is read and a little more.
import { describe, expect, it } from 'vitest'
import type { Peer } from '../peer.ts'
import { autocannon } from './autocannon.ts'
import { bombardier } from './bombardier.ts'
import { dyno } from './dyno.ts'
import { fortio } from './fortio.ts'
import { k6 } from './k6.ts'
import { oha } from './oha.ts'
import { vegeta } from './vegeta.ts'

interface Recorded {
  readonly peer: Peer
  readonly report: string
  readonly p50Ms: number | null
  readonly p99Ms: number
  /** What stands in the report of a run with failed requests: a text of the good one and its replacement. */
  readonly bad: readonly [string, string]
  readonly reason: string
}

const OHA = `{"summary":{"successRate":1.0},
"latencyPercentiles":{"p10":0.000246842,"p50":0.000391541,"p99":0.008925067,"p99.9":0.017982562},
"statusCodeDistribution":{"200":16458},"errorDistribution":{"aborted due to deadline":16}}`

const BOMBARDIER = `{"spec":{"numberOfConnections":16},"result":{"bytesRead":3484562,"timeTakenSeconds":1.000286753,
"req1xx":0,"req2xx":16283,"req3xx":0,"req4xx":0,"req5xx":0,"others":0,
"latency":{"mean":970.05,"max":133062,"percentiles":{"50":396,"75":664,"90":1270,"95":2337,"99":8860}}}}`

const FORTIO = `{"RunType":"HTTP","DurationHistogram":{"Count":49322,"Percentiles":[
{"Percentile":50,"Value":0.0005},{"Percentile":99,"Value":0.00125}]},"RetCodes":{"200":49322}}`

const VEGETA = `{"latencies":{"total":10548846376,"mean":567661,"50th":482080,"90th":1045472,"99th":2449521},
"requests":18583,"success":1,"status_codes":{"200":18583},"errors":[]}`

const K6 = `{"metrics":{"http_req_duration":{"p(99)":10.87,"med":2.85},"http_req_failed":{"passes":0,"fails":4462,
"value":0},"vus":{"value":16}}}`

const K6_GRPC = `{"metrics":{"grpc_req_duration":{"p(99)":10.87,"med":2.85},"vus":{"value":16}}}`

const AUTOCANNON = `{"url":"http://127.0.0.1:44713","errors":0,"timeouts":0,"non2xx":0,"2xx":15807,
"latency":{"average":0.38,"p50":0,"p90":1,"p99":6}}`

const DYNO = `{"schemaVersion":1,"cells":[{"target":"null","latencyMs":{"p50":{"value":0.204,"low":0.2,"high":0.21},
"p99":{"value":0.94,"low":0.9,"high":1}},"counts":{"sent":68091,"failed":0}}]}`

const RECORDED: readonly Recorded[] = [
  {
    peer: oha,
    report: OHA,
    p50Ms: 0.391541,
    p99Ms: 8.925067,
    bad: ['"200":16458', '"200":16458,"503":12'],
    reason: '12 answers of another status than 2xx',
  },
  {
    peer: oha,
    report: OHA,
    p50Ms: 0.391541,
    p99Ms: 8.925067,
    bad: ['deadline":16', 'deadline":16,"connection refused":3'],
    reason: '3 × connection refused',
  },
  {
    peer: bombardier,
    report: BOMBARDIER,
    p50Ms: 0.396,
    p99Ms: 8.86,
    bad: ['"req5xx":0', '"req5xx":9'],
    reason: '9 requests failed or had another status than 2xx',
  },
  {
    peer: fortio,
    report: FORTIO,
    p50Ms: 0.5,
    p99Ms: 1.25,
    bad: ['"200":49322', '"-1":4'],
    reason: '4 requests failed or had another status than 2xx',
  },
  {
    peer: vegeta,
    report: VEGETA,
    p50Ms: 0.48208,
    p99Ms: 2.449521,
    bad: ['"200":18583', '"0":2,"200":18581'],
    reason: '2 requests failed or had another status than 2xx',
  },
  { peer: k6, report: K6, p50Ms: 2.85, p99Ms: 10.87, bad: ['"passes":0', '"passes":5'], reason: '5 requests failed' },
  {
    peer: k6,
    report: K6_GRPC,
    p50Ms: 2.85,
    p99Ms: 10.87,
    bad: ['"vus"', '"failures":{"count":6,"rate":2.1},"vus"'],
    reason: '6 requests failed',
  },
  {
    peer: autocannon,
    report: AUTOCANNON,
    p50Ms: null, // It prints whole milliseconds.
    p99Ms: 6,
    bad: ['"non2xx":0', '"non2xx":8'],
    reason: '8 requests failed or had another status than 2xx',
  },
  {
    peer: dyno,
    report: DYNO,
    p50Ms: 0.204,
    p99Ms: 0.94,
    bad: ['"failed":0', '"failed":1'],
    reason: '1 requests failed',
  },
]

const outputOf = (text: string) => ({ stdout: text, file: text })

describe.each(RECORDED)('$peer.name', ({ peer, report, p50Ms, p99Ms, bad: [text, replacement], reason }) => {
  it('tells its percentiles in milliseconds', () => {
    expect(peer.parse(outputOf(report))).toEqual({
      ok: true,
      p50Ms: p50Ms === null ? null : expect.closeTo(p50Ms, 9),
      p99Ms: expect.closeTo(p99Ms, 9),
    })
  })

  it('refuses figures of failed requests', () => {
    expect(report).toContain(text)
    expect(peer.parse(outputOf(report.replace(text, replacement)))).toEqual({ ok: false, reason })
  })

  it('does not take anything else for a report', () => {
    expect(() => peer.parse(outputOf('{"cells":[]}'))).toThrow()
    expect(() => peer.parse(outputOf(''))).toThrow()
  })
})
