// perf_analyzer: C++ (libcurl, grpc++), Triton's own client, with a thread per request in flight.
import type { Peer } from '../peer.ts'
import { MODEL } from '../request.ts'
import { inFlight } from '../works.ts'
import { latencies } from './read-report.ts'

/** It ends when three windows in a row are alike; with this tolerance, in percent, the first three always are. */
const WINDOWS = 3
const ANY_DIFFERENCE = '1000000'

export const perfAnalyzer: Peer = {
  name: 'perf_analyzer',
  binary: 'perf_analyzer',
  works: ['http', 'grpc-16x1', 'grpc-1x16'],
  versionArgs: ['--version'],
  versionPattern: /Version (\S+ \(commit \w+\)|\S+)/,
  command({ work, address, seconds }) {
    const format = ['--input-tensor-format', 'json', '--output-tensor-format', 'json']
    const api = work.protocol === 'http' ? ['-i', 'http', ...format] : ['-i', 'grpc']
    const windows = ['-p', `${Math.ceil((seconds * 1e3) / WINDOWS)}`, '-r', `${WINDOWS}`, '-s', ANY_DIFFERENCE]
    return {
      args: [
        '-m',
        MODEL.name,
        '-u',
        address,
        ...api,
        '--concurrency-range',
        `${inFlight(work)}`,
        ...windows,
        '-f',
        'report.csv',
      ],
      // Its threads share channels, six to each unless told otherwise.
      env: { TRITON_CLIENT_GRPC_CHANNEL_MAX_SHARE_COUNT: `${work.streams}` },
      reportFile: 'report.csv',
    }
  },
  parse({ file }) {
    // Microseconds. No value holds a comma.
    const [head = [], row = []] = file.split('\n').map((line) => line.split(','))
    const value = (column: string) => {
      const text = row[head.indexOf(column)]
      if (text === undefined || text === '') throw new Error(`its report has no ${column}`)
      return Number(text) / 1e3
    }
    return latencies(value('p50 latency'), value('p99 latency'))
  },
}
