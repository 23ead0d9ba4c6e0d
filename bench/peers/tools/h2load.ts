// h2load (nghttp2): C, one thread, HTTP/1.1 and HTTP/2. To it a gRPC call is a POST; it does not look at grpc-status.
import type { Peer, PeerOutput, PeerReport } from '../peer.ts'
import { durationIn, failures, latencies, numberIn } from './read-report.ts'

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
  parse({ stdout }: PeerOutput): PeerReport {
    const failed = numberIn(stdout, /(\d+) failed,/)
    if (failed === null) throw new Error('there is no line about failed requests')
    if (failed > 0) return failures(failed, 'requests failed')
    const good = numberIn(stdout, /status codes: (\d+) 2xx/)
    if (good === 0) return failures(0, 'answers of status 2xx')
    // Versions from 1.66 on print percentiles of the time for a request; earlier ones have none.
    return latencies(
      durationIn(stdout, /^request +: .*\bp50\D+(\S+)/m),
      durationIn(stdout, /^request +: .*\bp99\D+(\S+)/m),
    )
  },
}
