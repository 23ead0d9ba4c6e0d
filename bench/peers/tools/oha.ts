// oha: Rust (hyper), on one thread here. Over HTTP/2 it can hold several requests per connection; it ignores grpc-status.
import { z } from 'zod'
import type { Peer } from '../peer.ts'
import { failures, latencies, otherThan2xx, readJson } from './read-report.ts'

/** What it says of the requests that were in flight when the time was over. */
const AT_THE_END = 'aborted due to deadline'

const schema = z.object({
  latencyPercentiles: z.object({ p50: z.number().nullable(), p99: z.number().nullable() }),
  statusCodeDistribution: z.record(z.string(), z.number()),
  errorDistribution: z.record(z.string(), z.number()),
})

export const oha: Peer = {
  name: 'oha',
  binary: 'oha',
  works: ['http', 'grpc-16x1', 'grpc-1x16'],
  versionArgs: ['--version'],
  command({ work, url, seconds, bodyFile }) {
    const general = ['--no-tui', '--output-format', 'json', '--worker-threads', '1', '-z', `${seconds}s`]
    const shape =
      work.protocol === 'http'
        ? ['-c', `${work.connections}`, '-T', 'application/json']
        : [
            '--http2',
            '-c',
            `${work.connections}`,
            '-p',
            `${work.streams}`,
            '-T',
            'application/grpc',
            '-H',
            'te: trailers',
          ]
    return { args: [...general, ...shape, '-m', 'POST', '-D', bodyFile, url] }
  },
  parse({ stdout }) {
    const { latencyPercentiles, statusCodeDistribution, errorDistribution } = readJson(stdout, schema)
    const bad = otherThan2xx(statusCodeDistribution)
    if (bad > 0) return failures(bad, 'answers of another status than 2xx')
    const error = Object.entries(errorDistribution).find(([what]) => what !== AT_THE_END)
    if (error !== undefined) return failures(error[1], `× ${error[0]}`)
    const { p50, p99 } = latencyPercentiles
    return latencies(p50 === null ? null : p50 * 1e3, p99 === null ? null : p99 * 1e3)
  },
}
