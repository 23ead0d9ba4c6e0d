// autocannon: Node.js, HTTP/1.1. Its histogram holds whole milliseconds.
import { z } from 'zod'
import type { Peer } from '../peer.ts'
import { inFlight } from '../works.ts'
import { failures, latencies, readJson } from './read-report.ts'

const schema = z.object({
  errors: z.number(),
  timeouts: z.number(),
  non2xx: z.number(),
  /** Milliseconds. */
  latency: z.object({ p50: z.number(), p99: z.number() }),
})

export const autocannon: Peer = {
  name: 'autocannon',
  binary: 'autocannon',
  works: ['http'],
  versionArgs: ['--version'],
  command({ work, url, seconds, bodyFile }) {
    const request = ['-m', 'POST', '-i', bodyFile, '-H', 'content-type=application/json']
    return { args: ['-c', `${inFlight(work)}`, '-d', `${seconds}`, '-j', ...request, url] }
  },
  parse({ stdout }) {
    const { errors, timeouts, non2xx, latency } = readJson(stdout, schema)
    const bad = errors + timeouts + non2xx
    return bad > 0
      ? failures(bad, 'requests failed or had another status than 2xx')
      : latencies(latency.p50, latency.p99)
  },
}
