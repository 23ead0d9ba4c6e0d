// wrk: C, one thread, HTTP/1.1. What it sends is said in Lua.
import type { Peer } from '../peer.ts'
import { inFlight } from '../works.ts'
import { durationIn, failures, latencies, numberIn } from './read-report.ts'

export const wrk: Peer = {
  name: 'wrk',
  binary: 'wrk',
  works: ['http'],
  versionArgs: ['-v'],
  command: ({ work, url, seconds, bodyFile }) => ({
    args: ['-t1', `-c${inFlight(work)}`, `-d${seconds}s`, '--latency', '-s', 'post.lua', url],
    files: { 'post.lua': script(bodyFile) },
  }),
  parse({ stdout }) {
    const bad = numberIn(stdout, /Non-2xx or 3xx responses: (\d+)/)
    if (bad !== null) return failures(bad, 'answers of another status than 2xx')
    const socketErrors = /Socket errors: (.+)/.exec(stdout)?.[1]
    if (socketErrors !== undefined) return { ok: false, reason: `socket errors: ${socketErrors}` }
    if (!/^Requests\/sec:/m.test(stdout)) throw new Error('there is no summary')
    return latencies(durationIn(stdout, /^ +50% +(\S+)$/m), durationIn(stdout, /^ +99% +(\S+)$/m))
  },
}

function script(bodyFile: string): string {
  return [
    "wrk.method = 'POST'",
    "wrk.headers['content-type'] = 'application/json'",
    `local file = io.open(${JSON.stringify(bodyFile)}, 'rb')`,
    "wrk.body = file:read('*a')",
    'file:close()',
    '',
  ].join('\n')
}
