#!/usr/bin/env node
// The process's edge: signals become one AbortSignal, the exit code is set, nothing else happens here.
import { enableCompileCache } from 'node:module'
import { compileCacheDir } from './core/package-dir.ts'

/** Ctrl-C reaches this process from the terminal and from npm, moments apart: that is one wish, not two. */
const SAME_WISH_MS = 1000

const interruption = new AbortController()
let firstSignalMs = Number.NaN
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    if (!interruption.signal.aborted) {
      firstSignalMs = performance.now()
      interruption.abort(name === 'SIGHUP' ? 'SIGTERM' : name)
    } else if (performance.now() - firstSignalMs > SAME_WISH_MS) {
      // A second one means now; whatever is left is removed by the next command.
      process.exit(name === 'SIGINT' ? 130 : 143)
    }
  })
}
// A reader that closes early (`dyno plan … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

// Halves the time to the first request from the second run on; threads and child processes take it from the environment.
process.env.NODE_COMPILE_CACHE ??= compileCacheDir(process.env)
// dyno clean removes it, where it is dyno's alone, and leaves nothing.
if (process.argv[2] === 'clean') delete process.env.NODE_COMPILE_CACHE
else enableCompileCache(process.env.NODE_COMPILE_CACHE)
const { runCli } = await import('./cli.ts')

process.exitCode = await runCli(process.argv.slice(2), {
  cwd: process.cwd(),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
})
