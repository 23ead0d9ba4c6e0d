// vegeta: Go (net/http), made for rates; without one it sends as fast as 16 workers can. Its report is a second command.
import { join } from 'node:path'
import { z } from 'zod'
import type { Peer } from '../peer.ts'
import { inFlight } from '../works.ts'
import { failures, latencies, otherThan2xx, readJson } from './read-report.ts'

const schema = z.object({
  /** Nanoseconds. */
  latencies: z.object({ '50th': z.number(), '99th': z.number() }),
  status_codes: z.record(z.string(), z.number()),
})

export const vegeta: Peer = {
  name: 'vegeta',
  binary: 'vegeta',
  works: ['http'],
  versionArgs: ['--version'],
  versionPattern: /^Version:[ \t]*v?(\d\S*)/m,
  command({ work, url, seconds, bodyFile, folder }) {
    const results = join(folder, 'results.bin')
    const workers = ['-rate', '0', '-workers', `${inFlight(work)}`, '-max-workers', `${inFlight(work)}`]
    return {
      args: ['attack', ...workers, '-duration', `${seconds}s`, '-targets', 'targets.txt', '-output', results],
      files: { 'targets.txt': `POST ${url}\ncontent-type: application/json\n@${bodyFile}\n` },
      reportArgs: ['report', '-type', 'json', results],
    }
  },
  parse({ stdout }) {
    const report = readJson(stdout, schema)
    // Without an answer the status is 0.
    const bad = otherThan2xx(report.status_codes)
    if (bad > 0) return failures(bad, 'requests failed or had another status than 2xx')
    return latencies(report.latencies['50th'] / 1e6, report.latencies['99th'] / 1e6)
  },
}
