// fortio: Go (a client of its own for HTTP/1.1). Over gRPC it knows its own ping only.
import { z } from 'zod'
import type { Peer } from '../peer.ts'
import { inFlight } from '../works.ts'
import { failures, latencies, otherThan2xx, readJson } from './read-report.ts'

const schema = z.object({
  /** Seconds. */
  DurationHistogram: z.object({
    Percentiles: z.array(z.object({ Percentile: z.number(), Value: z.number() })).nullable(),
  }),
  RetCodes: z.record(z.string(), z.number()),
})

export const fortio: Peer = {
  name: 'fortio',
  binary: 'fortio',
  works: ['http'],
  versionArgs: ['version'],
  command({ work, url, seconds, bodyFile }) {
    const load = ['-c', `${inFlight(work)}`, '-qps', '0', '-t', `${seconds}s`]
    const request = ['-content-type', 'application/json', '-payload-file', bodyFile]
    const report = ['-loglevel', 'Error', '-p', '50,99', '-json', 'report.json']
    return { args: ['load', ...load, ...request, ...report, url], reportFile: 'report.json' }
  },
  parse({ file }) {
    const { RetCodes, DurationHistogram } = readJson(file, schema)
    const bad = otherThan2xx(RetCodes)
    if (bad > 0) return failures(bad, 'requests failed or had another status than 2xx')
    const percentile = (wanted: number) => {
      const found = DurationHistogram.Percentiles?.find(({ Percentile }) => Percentile === wanted)
      return found === undefined ? null : found.Value * 1e3
    }
    return latencies(percentile(50), percentile(99))
  },
}
