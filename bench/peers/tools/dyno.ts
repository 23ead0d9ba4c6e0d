// dyno itself, started as its users start it, and @grpc/grpc-js, which dyno has as a reference engine.
import { join } from 'node:path'
import { z } from 'zod'
import { NODE_FLAGS } from '../../core/node-flags.ts'
import { PACKAGE_DIR } from '../../project.ts'
import type { EngineName } from '../../scenario/types.ts'
import type { Peer, PeerJob } from '../peer.ts'
import { MODEL } from '../request.ts'
import { GRPC_WORKS, inFlight, WORK_NAMES } from '../works.ts'
import { failures, latencies, readJson } from './read-report.ts'

const quantile = z.object({ value: z.number() }).nullable()

const schema = z.object({
  cells: z
    .array(
      z.object({ latencyMs: z.object({ p50: quantile, p99: quantile }), counts: z.object({ failed: z.number() }) }),
    )
    .length(1),
})

/** Measured, and: measured, with a doubt. A client at its limit is such a doubt, and this is one. */
const GOOD_EXIT_CODES = [0, 3]

type Own = Pick<Peer, 'name' | 'works' | 'versionArgs'> & { readonly engine: EngineName }

export const dyno = own({
  name: 'dyno',
  engine: 'native',
  works: WORK_NAMES,
  versionArgs: [join(PACKAGE_DIR, 'bench', 'main.ts'), '--version'],
})

export const grpcJs = own({
  name: 'grpc-js',
  engine: 'grpc-js',
  works: GRPC_WORKS,
  versionArgs: ['--print', "require('@grpc/grpc-js/package.json').version"],
})

function own({ engine, ...rest }: Own): Peer {
  return {
    ...rest,
    binary: process.execPath,
    goodExitCodes: GOOD_EXIT_CODES,
    command: (job) => ({
      args: [...NODE_FLAGS, join(PACKAGE_DIR, 'bench', 'main.ts'), 'run', 'scenario.yaml', '--out', 'run', '--quiet'],
      env: { DYNO_STATE_DIR: join(job.folder, 'state') },
      // JSON is YAML.
      files: { 'scenario.yaml': JSON.stringify(scenario(job, engine)) },
      reportFile: join('run', 'run.json'),
    }),
    parse({ file }) {
      const cell = readJson(file, schema).cells[0]
      if (cell === undefined) throw new Error('there is no cell')
      if (cell.counts.failed > 0) return failures(cell.counts.failed, 'requests failed')
      return latencies(cell.latencyMs.p50?.value ?? null, cell.latencyMs.p99?.value ?? null)
    },
  }
}

function scenario({ work, url, address, httpUrl, seconds }: PeerJob, engine: EngineName): object {
  const server =
    work.protocol === 'http'
      ? { kind: 'external', url: new URL(url).origin }
      : { kind: 'external', url: httpUrl, grpcUrl: address }
  return {
    name: 'peers',
    model: { name: MODEL.name, inputs: MODEL.inputs, outputs: MODEL.outputs },
    servers: { null: server },
    targets: { null: { server: 'null', api: 'kserve', protocol: work.protocol, engine } },
    matrix: { load: [{ concurrency: inFlight(work), connections: work.connections }] },
    measure: { warmup: '0s', duration: `${seconds}s`, repetitions: 1 },
  }
}
