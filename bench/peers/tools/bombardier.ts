// bombardier: Go (fasthttp), HTTP/1.1.
import { z } from 'zod'
import type { Peer } from '../peer.ts'
import { inFlight } from '../works.ts'
import { failures, latencies, readJson } from './read-report.ts'

const schema = z.object({
  result: z.object({
    req1xx: z.number(),
    req3xx: z.number(),
    req4xx: z.number(),
    req5xx: z.number(),
    others: z.number(),
    /** Microseconds. */
    latency: z.object({ percentiles: z.object({ 50: z.number(), 99: z.number() }) }),
  }),
})

export const bombardier: Peer = {
  name: 'bombardier',
  binary: 'bombardier',
  works: ['http'],
  versionArgs: ['--version'],
  command({ work, url, seconds, bodyFile }) {
    const request = ['-m', 'POST', '-f', bodyFile, '-H', 'content-type: application/json']
    return { args: ['-c', `${inFlight(work)}`, '-d', `${seconds}s`, '-l', '-o', 'json', '-p', 'r', ...request, url] }
  },
  parse({ stdout }) {
    const { req1xx, req3xx, req4xx, req5xx, others, latency } = readJson(stdout, schema).result
    const bad = req1xx + req3xx + req4xx + req5xx + others
    if (bad > 0) return failures(bad, 'requests failed or had another status than 2xx')
    return latencies(latency.percentiles[50] / 1e3, latency.percentiles[99] / 1e3)
  },
}
