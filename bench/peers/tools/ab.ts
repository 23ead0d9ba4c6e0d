// ab (ApacheBench): C, one thread, HTTP/1.0 with keep-alive. It stops after a number of requests, whatever the time.
import type { Peer } from '../peer.ts'
import { inFlight } from '../works.ts'
import { failures, latencies, numberIn } from './read-report.ts'

/** More than it can send; it keeps 32 bytes for each. */
const MOST_REQUESTS_PER_SECOND = 200_000

export const ab: Peer = {
  name: 'ab',
  binary: 'ab',
  works: ['http'],
  versionArgs: ['-V'],
  command({ work, url, seconds, bodyFile }) {
    const length = ['-t', `${seconds}`, '-n', `${seconds * MOST_REQUESTS_PER_SECOND}`] // In this order: -t sets -n too.
    const shape = ['-k', '-q', '-c', `${inFlight(work)}`, ...length]
    return {
      args: [...shape, '-p', bodyFile, '-T', 'application/json', '-e', 'percentiles.csv', url],
      reportFile: 'percentiles.csv',
    }
  },
  parse({ stdout, file }) {
    const failed = numberIn(stdout, /^Failed requests: +(\d+)/m)
    if (failed === null) throw new Error('there is no line about failed requests')
    if (failed > 0) return failures(failed, 'requests failed')
    const bad = numberIn(stdout, /^Non-2xx responses: +(\d+)/m)
    if (bad !== null) return failures(bad, 'answers of another status than 2xx')
    return latencies(numberIn(file, /^50,(\S+)/m), numberIn(file, /^99,(\S+)/m))
  },
}
