// h2load (nghttp2): C, one thread, HTTP/1.1 and HTTP/2. To it a gRPC call is a POST; it does not look at grpc-status.
import { parseDurationMs } from '../../core/units.ts'
import type { Peer } from '../peer.ts'
import { failures, latencies, numberIn } from './read-report.ts'

export const h2load: Peer = {
  name: 'h2load',
  binary: 'h2load',
  works: ['http', 'grpc-16x1', 'grpc-1x16'],
  versionArgs: ['--version'],
  command({ work, url, seconds, bodyFile }) {
    const headers =
      work.protocol === 'http'
        ? ['--h1', '-H', 'content-type: application/json']
        : ['-H', 'content-type: application/grpc', '-H', 'te: trailers']
    const shape = [`-c${work.connections}`, `-m${work.streams}`, '-t1', `-D${seconds}`]
    return { args: [...shape, '-d', bodyFile, ...headers, url] }
  },
  parse({ stdout }) {
    const failed = numberIn(stdout, /(\d+) failed,/)
    const good = numberIn(stdout, /status codes: (\d+) 2xx/)
    if (failed === null || good === null) throw new Error('there is no line about failed requests and status codes')
    if (failed > 0) return failures(failed, 'requests failed')
    if (good === 0) return { ok: false, reason: 'no answer had a status of 2xx' }
    return latencies(column(stdout, 'median'), column(stdout, 'p99'))
  },
}

/** Of the times for a request. The table has no percentiles in most versions; where it has, its head names them. */
function column(stdout: string, name: string): number | null {
  const head = /^ +min +max .*$/m.exec(stdout)?.[0].trim().split(/ +/)
  const row = /^(?:time for )?request *: +(.+)$/m.exec(stdout)?.[1]?.split(/ +/)
  const value = row?.[head?.indexOf(name) ?? -1]
  return value === undefined ? null : parseDurationMs(value)
}
