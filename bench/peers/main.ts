// `npm run bench:peers`: dyno's load generator against the others, on this machine.
import { resolve } from 'node:path'
import { defineCommand } from '../cli/command.ts'
import { runScript } from '../cli/script.ts'
import { BenchError, EXIT } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'
import { readProcess } from '../core/proc-stat.ts'
import { comparePeers } from './compare-peers.ts'
import { optionsOf, PEER_FLAGS } from './options.ts'
import { renderPeers } from './render.ts'
import { PEERS } from './tools/all.ts'

runScript(
  defineCommand({
    name: 'bench:peers',
    summary: 'compares load generators',
    details:
      'Measures the load generator of dyno against every other one that is found on PATH: CPU time per request against\n' +
      'the same null server. Installs nothing.',
    operands: [],
    flags: PEER_FLAGS,
    examples: ['npm run --silent bench:peers -- --only wrk,dyno --work http'],
    async run({ flags }, { cwd, stdout, stderr, signal }) {
      const options = optionsOf(flags, PEERS)
      requireProc()
      const progress = (line: string) => stderr.write(`${line}\n`)
      const document = await comparePeers(options, { progress, signal })
      stdout.write(renderPeers(document))
      if (flags.json !== null) writeFileAtomic(resolve(cwd, flags.json), `${JSON.stringify(document, null, 2)}\n`)
      return EXIT.ok
    },
  }),
)

/** @throws BenchError `no-proc` where CPU times of processes cannot be read */
function requireProc(): void {
  if (readProcess(process.pid) !== null) return
  throw new BenchError({
    kind: 'environment',
    code: 'no-proc',
    message: 'the CPU time of a client is read from /proc, which is not here',
    hint: 'run it on Linux',
  })
}
