#!/usr/bin/env node
// dyno, as a process. Everything else is imported late, once its compiled code can come from the cache.
import { enableCompileCache } from 'node:module'
import { runAsProcess } from './cli/process-edge.ts'
import { compileCacheDir } from './core/package-dir.ts'

// Halves the time to the first request from the second run on; threads and child processes take it from the environment.
process.env.NODE_COMPILE_CACHE ??= compileCacheDir(process.env)
// dyno clean removes it, where it is dyno's alone, and leaves nothing.
if (process.argv[2] === 'clean') delete process.env.NODE_COMPILE_CACHE
else enableCompileCache(process.env.NODE_COMPILE_CACHE)

runAsProcess(async (edge) => {
  const { runCli } = await import('./cli.ts')
  return runCli(process.argv.slice(2), { ...edge, cwd: process.cwd(), env: process.env })
})
