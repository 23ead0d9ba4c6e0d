#!/usr/bin/env node
// The process's edge: signals become one AbortSignal, the exit code is set, nothing else happens here.
import { runCli } from './cli.ts'

const interruption = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    // A second signal means now; whatever is left is removed by the next command.
    if (interruption.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143)
    interruption.abort(name === 'SIGHUP' ? 'SIGTERM' : name)
  })
}
// A reader that closes early (`dyno plan … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await runCli(process.argv.slice(2), {
  cwd: process.cwd(),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
})
