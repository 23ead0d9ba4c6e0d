// ghz: Go (grpc-go). Its JSON report lists every request, so that the text for people is read instead.
import type { Peer } from '../peer.ts'
import { inFlight } from '../works.ts'
import { durationIn, failures, latencies } from './read-report.ts'

export const ghz: Peer = {
  name: 'ghz',
  binary: 'ghz',
  works: ['grpc-16x1', 'grpc-1x16'],
  versionArgs: ['--version'],
  command({ work, address, seconds, messageFile, protoFile }) {
    const load = ['-c', `${inFlight(work)}`, '--connections', `${work.connections}`, '-z', `${seconds}s`]
    const call = ['--insecure', '--proto', protoFile, '--call', 'inference.GRPCInferenceService.ModelInfer']
    return { args: [...load, '--duration-stop', 'wait', ...call, '-B', messageFile, address] }
  },
  parse({ stdout }) {
    const statuses = [...stdout.matchAll(/^ +\[(\w+)\] +(\d+) responses/gm)]
    const bad = statuses.find(([, status]) => status !== 'OK')
    if (bad !== undefined) return failures(Number(bad[2]), `answers of status ${bad[1]}`)
    if (statuses.length === 0) throw new Error('there are no status codes')
    // "99 % in 5.55 ms"
    return latencies(durationIn(stdout, /^ +50 % in (\S+ \S+)/m), durationIn(stdout, /^ +99 % in (\S+ \S+)/m))
  },
}
