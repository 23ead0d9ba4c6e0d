// hey: Go (net/http), HTTP/1.1. It prints tenths of a millisecond, and no version.
import type { Peer } from '../peer.ts'
import { inFlight } from '../works.ts'
import { failures, latencies, numberIn } from './read-report.ts'

export const hey: Peer = {
  name: 'hey',
  binary: 'hey',
  works: ['http'],
  versionArgs: null,
  command: ({ work, url, seconds, bodyFile }) => ({
    args: ['-z', `${seconds}s`, '-c', `${inFlight(work)}`, '-m', 'POST', '-D', bodyFile, '-T', 'application/json', url],
  }),
  parse({ stdout }) {
    const [, errors] = stdout.split('Error distribution:')
    const first = /\[(\d+)\]\s+(.+)/.exec(errors ?? '')
    if (first !== null) return failures(Number(first[1]), `× ${first[2]}`)
    const statuses = [...stdout.matchAll(/^ +\[(\d{3})\]\s+(\d+) responses/gm)]
    const bad = statuses.reduce((sum, [, status, count]) => (status?.startsWith('2') ? sum : sum + Number(count)), 0)
    if (bad > 0) return failures(bad, 'answers of another status than 2xx')
    if (statuses.length === 0) throw new Error('there are no status codes')
    const ms = (seconds: number | null) => (seconds === null ? null : seconds * 1e3)
    return latencies(ms(numberIn(stdout, /^ +50%+ in (\S+) secs/m)), ms(numberIn(stdout, /^ +99%+ in (\S+) secs/m)))
  },
}
