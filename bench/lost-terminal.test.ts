// A terminal that is closed in the middle of a run: SIGHUP, exit code 129, servers stopped, measurements kept.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { startFakeServer } from './testing/fake-inference-server.ts'

const dir = mkdtempSync(join(tmpdir(), 'dyno-terminal-'))
afterAll(() => rmSync(dir, { recursive: true }))

/** Runs a command in a terminal of its own, closes the terminal once a file is there, and prints how the command ended. */
const CLOSES_TERMINAL = `
import os, pty, sys, time
path, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0: os.execvp(command[0], command)
os.set_blocking(terminal, False)
end = time.time() + 60
while time.time() < end and not (os.path.exists(path) and os.path.getsize(path) > 0):
    try: os.read(terminal, 65536)
    except BlockingIOError: time.sleep(0.02)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`

it('ends the run with 129 and keeps what was measured', async () => {
  const server = await startFakeServer({ latencyMs: 1 })
  const scenario = join(dir, 'scenario.yaml')
  writeFileSync(
    scenario,
    `name: terminal
model: { name: example_model, inputs: [{ name: keras_tensor, datatype: FP32, shape: [4] }], outputs: [{ name: output_0, datatype: FP32, shape: [1] }] }
servers: { s: { kind: external, url: '${server.url}' } }
targets: { t: { server: s, api: kserve, protocol: http } }
matrix: { load: [{ concurrency: 2 }] }
measure: { warmup: 50ms, duration: 200ms, repetitions: 100 }
`,
  )
  const out = join(dir, 'out')
  const main = new URL('./main.ts', import.meta.url).pathname
  const command = [process.execPath, main, 'run', scenario, '--out', out]
  const python = spawn('python3', ['-c', CLOSES_TERMINAL, join(out, 'measurements.jsonl'), ...command], {
    env: { ...process.env, DYNO_STATE_DIR: join(dir, 'state'), TERM: 'xterm' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  python.stdout.on('data', (text) => {
    printed += text
  })
  await once(python, 'close')
  await server.close()
  expect(printed.trim()).toBe('129')
  expect(existsSync(join(out, 'report.html'))).toBe(true)
  const run = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))
  expect(run.interrupted).toBe(true)
  expect(run.cells[0].counts.completed).toBeGreaterThan(0)
}, 60_000)
