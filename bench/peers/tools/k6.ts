// k6: Go, each virtual user a JavaScript function. Each has a gRPC connection of its own, so that none is shared.
import { basename, dirname } from 'node:path'
import { z } from 'zod'
import type { Peer, PeerJob } from '../peer.ts'
import { inFlight } from '../works.ts'
import { failures, latencies, readJson } from './read-report.ts'

/** Milliseconds. */
const trend = z.object({ med: z.number(), 'p(99)': z.number() })

const schema = z.object({
  metrics: z.object({
    http_req_duration: trend.optional(),
    grpc_req_duration: trend.optional(),
    /** Its passes are requests that failed. */
    http_req_failed: z.object({ passes: z.number() }).optional(),
    failures: z.object({ count: z.number() }).optional(),
  }),
})

export const k6: Peer = {
  name: 'k6',
  binary: 'k6',
  works: ['http', 'grpc-16x1'],
  versionArgs: ['version'],
  command(job) {
    const quiet = ['--no-usage-report', '--quiet', '--no-color', '--address', '127.0.0.1:0']
    const summary = ['--summary-trend-stats', 'med,p(99)', '--summary-export', 'summary.json']
    return {
      args: ['run', ...quiet, ...summary, 'script.js'],
      files: { 'script.js': job.work.protocol === 'http' ? httpScript(job) : grpcScript(job) },
      reportFile: 'summary.json',
    }
  },
  parse({ file }) {
    const { http_req_duration, grpc_req_duration, http_req_failed, failures: failed } = readJson(file, schema).metrics
    const bad = (http_req_failed?.passes ?? 0) + (failed?.count ?? 0)
    if (bad > 0) return failures(bad, 'requests failed')
    const duration = http_req_duration ?? grpc_req_duration
    if (duration === undefined) return { ok: false, reason: 'it sent no request' }
    return latencies(duration.med, duration['p(99)'])
  },
}

function httpScript({ work, url, seconds, bodyFile }: PeerJob): string {
  return `import http from 'k6/http'
const body = open(${JSON.stringify(bodyFile)})
const params = { headers: { 'content-type': 'application/json' } }
export const options = { vus: ${inFlight(work)}, duration: '${seconds}s', discardResponseBodies: true }
export default function () {
  http.post(${JSON.stringify(url)}, body, params)
}
`
}

function grpcScript({ work, address, seconds, messageJsonFile, protoFile }: PeerJob): string {
  return `import { Client, StatusOK } from 'k6/net/grpc'
import { Counter } from 'k6/metrics'
const message = JSON.parse(open(${JSON.stringify(messageJsonFile)}))
const failures = new Counter('failures')
const client = new Client()
client.load([${JSON.stringify(dirname(protoFile))}], ${JSON.stringify(basename(protoFile))})
let isConnected = false
export const options = { vus: ${inFlight(work)}, duration: '${seconds}s' }
export default function () {
  if (!isConnected) {
    client.connect(${JSON.stringify(address)}, { plaintext: true })
    isConnected = true
  }
  const answer = client.invoke('inference.GRPCInferenceService/ModelInfer', message)
  if (answer.status !== StatusOK) failures.add(1)
}
`
}
