// `npm run bench:peers`: dyno's load generator against the others, on this machine. The process's edge.
import { BenchError, EXIT, type ExitCode, messageOf } from '../core/errors.ts'
import { writeFileAtomic } from '../core/files.ts'
import { readProcess } from '../core/proc-stat.ts'
import { comparePeers } from './compare-peers.ts'
import { parseOptions, renderHelp } from './options.ts'
import { renderPeers } from './render.ts'
import { PEERS } from './tools/all.ts'

const interruption = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interruption.abort(name))

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<ExitCode> {
  const { signal } = interruption
  try {
    const options = parseOptions(args, PEERS)
    if (options === null) {
      process.stdout.write(renderHelp())
      return EXIT.ok
    }
    requireProc()
    const progress = (line: string) => process.stderr.write(`${line}\n`)
    const document = await comparePeers(options, { progress, signal })
    process.stdout.write(renderPeers(document))
    if (options.jsonPath !== null) writeFileAtomic(options.jsonPath, `${JSON.stringify(document, null, 2)}\n`)
    return EXIT.ok
  } catch (error) {
    if (signal.aborted) return signal.reason === 'SIGINT' ? EXIT.interrupted : EXIT.terminated
    if (!(error instanceof BenchError)) throw error
    process.stderr.write(`error: ${messageOf(error)}\n${error.hint === undefined ? '' : `  → ${error.hint}\n`}`)
    return error.exitCode
  }
}

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
