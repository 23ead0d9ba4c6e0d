// Runs of the whole harness against servers with a known truth, for tests: a folder and servers of each test's own.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import type { RunDocument } from '../analysis/run-document.ts'
import { type CommandResult, dyno } from './command-line.ts'
import { type FakeServer, type FakeServerOptions, startFakeServer } from './fake-inference-server.ts'

export let dir: string
let servers: FakeServer[]

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-run-'))
  servers = []
})
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()))
  rmSync(dir, { recursive: true, force: true })
})

export async function serve(options: FakeServerOptions = {}): Promise<FakeServer> {
  const server = await startFakeServer(options)
  servers.push(server)
  return server
}

/** Flask and gRPC targets of a good server, and a third target, of `other`. */
export function scenario(good: FakeServer, other: FakeServer, more = ''): string {
  const path = join(dir, 'scenario.yaml')
  writeFileSync(
    path,
    `name: test
model:
  name: example_model
  inputs: [{ name: keras_tensor, datatype: FP32, shape: [4] }]
  outputs: [{ name: output_0, datatype: FP32, shape: [1] }]
servers:
  good: { kind: external, url: ${good.url}, grpcUrl: ${good.grpcAddress} }
  other: { kind: external, url: ${other.url}, grpcUrl: ${other.grpcAddress} }
targets:
  flask: { server: good, api: flask, protocol: http }
  grpc: { server: good, api: kserve, protocol: grpc }
  other: { server: other, api: kserve, protocol: http }
matrix:
  batchSize: [1, 4]
  load: [{ concurrency: 2 }]
measure: { warmup: 20ms, duration: 100ms, repetitions: 2, timeout: 400ms }
verify: { every: 5 }
compare: { baseline: flask }
${more}`,
  )
  return path
}

export const world = (signal?: AbortSignal) => ({
  cwd: dir,
  stateDir: join(dir, 'state'),
  ...(signal === undefined ? {} : { signal }),
})

export async function run(
  path: string,
  ...flags: string[]
): Promise<CommandResult & { document: RunDocument; out: string }> {
  const out = join(dir, 'out')
  const result = await dyno(world(), 'run', path, '--out', out, ...flags)
  const document = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunDocument
  return { ...result, document, out }
}
