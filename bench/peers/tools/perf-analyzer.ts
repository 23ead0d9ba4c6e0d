// perf_analyzer: C++ (libcurl, grpc++), Triton's own client, with a thread per request in flight.
import type { Peer } from '../peer.ts'
import { MODEL } from '../request.ts'
import { inFlight } from '../works.ts'

/**
 * What it needs to evaluate a window grows with the square of the requests in it, while its load goes on: at tens of
 * thousands of requests a second, windows of a second take it longer than they last, and it never ends.
 */
const WINDOW_MS = 100
/** It ends early when three windows in a row differ by less than this, in percent: never. */
const NO_DIFFERENCE = '0.000001'
/** Of a run that measured all of its windows; it prints no percentiles then. */
const UNSTABLE_EXIT_CODE = 2

export const perfAnalyzer: Peer = {
  name: 'perf_analyzer',
  binary: 'perf_analyzer',
  works: ['http', 'grpc-16x1', 'grpc-1x16'],
  versionArgs: ['--version'],
  versionPattern: /Version (\S+ \(commit \w+\)|\S+)/,
  goodExitCodes: [UNSTABLE_EXIT_CODE],
  command({ work, address, seconds }) {
    const format = ['--input-tensor-format', 'json', '--output-tensor-format', 'json']
    const api = work.protocol === 'http' ? ['-i', 'http', ...format] : ['-i', 'grpc']
    const windows = ['-p', `${WINDOW_MS}`, '-r', `${Math.ceil((seconds * 1e3) / WINDOW_MS)}`, '-s', NO_DIFFERENCE]
    return {
      args: ['-m', MODEL.name, '-u', address, ...api, '--concurrency-range', `${inFlight(work)}`, ...windows],
      // Its threads share channels, six to each unless told otherwise.
      env: { TRITON_CLIENT_GRPC_CHANNEL_MAX_SHARE_COUNT: `${work.streams}` },
    }
  },
  /** A request that fails ends it with another code. */
  parse: () => ({ ok: true, p50Ms: null, p99Ms: null }),
}
