// Reports for people, as the tools print them, shortened to the lines around those that are read.
import { describe, expect, it } from 'vitest'
import type { PeerOutput } from '../peer.ts'
import { ab } from './ab.ts'
import { ghz } from './ghz.ts'
import { h2load } from './h2load.ts'
import { hey } from './hey.ts'
import { wrk } from './wrk.ts'

const printed = (stdout: string, file = ''): PeerOutput => ({ stdout, file })

describe('wrk', () => {
  const report = `Running 1s test @ http://127.0.0.1:44713/v2/models/example_model/infer
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.31ms    2.00ms  18.18ms   89.58%
    Req/Sec    19.11k    10.02k   40.60k    60.00%
  Latency Distribution
     50%  502.00us
     75%    1.32ms
     99%   10.29ms
  19177 requests in 1.02s, 3.91MB read
Requests/sec:  18872.99
Transfer/sec:      3.85MB
`
  it('reads percentiles with whatever unit they have', () => {
    expect(wrk.parse(printed(report))).toEqual({ ok: true, p50Ms: 0.502, p99Ms: 10.29 })
  })

  it.each([
    ['  Non-2xx or 3xx responses: 12\n', '12 answers of another status than 2xx'],
    [
      '  Socket errors: connect 0, read 3, write 0, timeout 0\n',
      'socket errors: connect 0, read 3, write 0, timeout 0',
    ],
  ])('refuses figures beside the line %j', (line, reason) => {
    expect(wrk.parse(printed(report.replace('Requests/sec', `${line}Requests/sec`)))).toEqual({ ok: false, reason })
  })

  it('does not take an empty report for a good one', () => {
    expect(() => wrk.parse(printed('Running 1s test\n'))).toThrow('no summary')
  })
})

describe('h2load', () => {
  const report = `finished in 1.00s, 29107.00 req/s, 5.94MB/s
requests: 29107 total, 29123 started, 29107 done, 29107 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 29107 2xx, 0 3xx, 0 4xx, 0 5xx
                     min         max         mean         sd        +/- sd
time for request:       75us     14.75ms       549us       981us    94.51%
time for connect:       20us       210us       128us        55us    62.50%
`
  it('has no percentiles to read', () => {
    expect(h2load.parse(printed(report))).toEqual({ ok: true, p50Ms: null, p99Ms: null })
  })

  it('reads percentiles where the head of its table names them', () => {
    const columns = report.replace('max         mean', 'max   median   p99').replace('549us', '410us  2.5ms')
    expect(h2load.parse(printed(columns))).toEqual({ ok: true, p50Ms: 0.41, p99Ms: 2.5 })
  })

  it('refuses figures of failed requests', () => {
    expect(h2load.parse(printed(report.replace('0 failed', '7 failed')))).toEqual({
      ok: false,
      reason: '7 requests failed',
    })
  })
})

describe('ab', () => {
  const report = `Complete requests:      5523
Failed requests:        0
Keep-Alive requests:    5523
`
  const percentiles = 'Percentage served,Time in ms\n49,0.984\n50,0.993\n99,22.112\n'

  it('reads fractions of a millisecond from its file', () => {
    expect(ab.parse(printed(report, percentiles))).toEqual({ ok: true, p50Ms: 0.993, p99Ms: 22.112 })
  })

  it.each([
    [report.replace('requests:        0', 'requests:        3'), '3 requests failed'],
    [`${report}Non-2xx responses:      5\n`, '5 answers of another status than 2xx'],
  ])('refuses figures of failed requests', (stdout, reason) => {
    expect(ab.parse(printed(stdout, percentiles))).toEqual({ ok: false, reason })
  })
})

describe('hey', () => {
  const report = `Latency distribution:
  10%% in 0.0006 secs
  50%% in 0.0018 secs
  99%% in 0.0161 secs

Status code distribution:
  [200]	5666 responses

`
  it('reads seconds with four decimals', () => {
    expect(hey.parse(printed(report))).toEqual({ ok: true, p50Ms: 1.8, p99Ms: 16.1 })
  })

  it('gives no figure for a latency below its resolution', () => {
    expect(hey.parse(printed(report.replace('0.0018', '0.0000')))).toMatchObject({ p50Ms: null })
  })

  it.each([
    [`${report}  [503]	12 responses\n`, '12 answers of another status than 2xx'],
    [`${report}Error distribution:\n  [3]	Post "http://x": EOF\n`, '3 × Post "http://x": EOF'],
  ])('refuses figures of failed requests', (stdout, reason) => {
    expect(hey.parse(printed(stdout))).toEqual({ ok: false, reason })
  })
})

describe('ghz', () => {
  const report = `Latency distribution:
  10 % in 630.10 µs 
  50 % in 1.16 ms 
  99 % in 5.55 ms 

Status code distribution:
  [OK]   11200 responses   
`
  it('reads percentiles with whatever unit they have', () => {
    expect(ghz.parse(printed(report.replace('1.16 ms', '861.20 µs')))).toEqual({ ok: true, p50Ms: 0.8612, p99Ms: 5.55 })
  })

  it('refuses figures beside answers of another status', () => {
    expect(ghz.parse(printed(`${report}  [Unavailable]   287 responses   \n`))).toEqual({
      ok: false,
      reason: '287 answers of status Unavailable',
    })
  })
})
