#!/usr/bin/env node
// Starts dyno on the Node that it is pinned to (the npm package `node`), whichever Node the machine has.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const pinned = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node')
const built = join(root, 'dist', 'bench', 'main.js')
const main = existsSync(built) ? built : join(root, 'bench', 'main.ts')

// Why: bench/core/node-flags.ts.
const args = ['--no-parallel-scavenge', main, ...process.argv.slice(2)]
const child = spawn(existsSync(pinned) ? pinned : process.execPath, args, { stdio: 'inherit' })
// A terminal sends Ctrl-C to both; a signal to this process alone is passed on. Either way the child decides how it ends.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name))
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 15)))
child.on('error', (error) => {
  process.stderr.write(`error: dyno cannot be started: ${error.message}\n`)
  process.exit(4)
})
