// The product on the real servers: Flask with TensorFlow and tritonserver. Few tests, and broad.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RunDocument } from './analysis/run-document.ts'
import { sleep } from './core/clock.ts'
import { listProcesses, startedWith } from './core/proc-stat.ts'
import { PACKAGE_DIR, stateDirOf } from './project.ts'
import { readEntries } from './runtime/register.ts'
import { describeWith } from './testing/requirement.ts'
import { pythonEnvironment } from './testing/requirements.ts'

const MAIN = join(PACKAGE_DIR, 'bench', 'main.ts')
const SETUP_MS = 600_000
const RUN_MS = 120_000

/** Triton runs the model with libpython. */
const PYTHON = await pythonEnvironment('dev', { libpython: true })

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-real-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Other files use the project's own register at the same time. */
const ownStateDir = () => stateDirOf({ cwd: dir, env: process.env })

function dyno(...args: string[]) {
  return spawnSync(process.execPath, [MAIN, ...args], { cwd: dir, encoding: 'utf8', timeout: RUN_MS })
}

describeWith(PYTHON, 'the smoke scenario on real servers', (python) => {
  it(
    'compares Flask and Triton, counts as Triton does, and its Parquet file tells the same to DuckDB',
    () => {
      const out = join(dir, 'smoke')
      const { status, stderr } = dyno('run', 'scenarios/smoke.yaml', '--quick', '--out', out)
      expect(status, stderr).toBe(0)
      const run = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunDocument
      expect(run.cells).toHaveLength(4)
      expect(run.parity.every(({ ok, checkedDuringRun }) => ok && checkedDuringRun > 0)).toBe(true)
      for (const cell of run.cells) {
        expect(cell.counts.failed).toBe(0)
        expect(cell.resources.cpuFraction).toBeGreaterThan(0)
        if (cell.target === 'triton-grpc') expect(cell.server.requests).toBe(cell.counts.completed)
      }
      const query = `SELECT target, batch_size, count(*), quantile_cont((received_ns - scheduled_ns) / 1e6, 0.5)
      FROM '${join(out, 'samples.parquet')}' WHERE outcome = 'ok' GROUP BY ALL`
      const script = 'import duckdb, json, sys; print(json.dumps(duckdb.sql(sys.argv[1]).fetchall()))'
      const rows = JSON.parse(execFileSync(python.python, ['-c', script, query], { encoding: 'utf8' }))
      expect(rows).toHaveLength(4)
      for (const [target, batchSize, count, p50] of rows as [string, number, number, number][]) {
        const cell = run.cells.find((candidate) => candidate.target === target && candidate.batchSize === batchSize)
        expect(cell?.counts.completed).toBe(count)
        expect(cell?.latencyMs.p50?.value).toBeCloseTo(p50, 9)
      }
    },
    RUN_MS,
  )

  it(
    'streams to Triton as it calls it: the same answers, every one of them counted',
    () => {
      const out = join(dir, 'streaming')
      const { status, stderr } = dyno('run', 'scenarios/streaming.yaml', '--quick', '--out', out)
      expect(status, stderr).toBe(0)
      const run = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunDocument
      expect(run.parity.every(({ ok, checkedDuringRun }) => ok && checkedDuringRun > 0)).toBe(true)
      expect(run.cells).toHaveLength(6)
      for (const { counts, server, client } of run.cells) {
        expect(counts.failed).toBe(0)
        expect(server.requests).toBe(counts.completed)
        expect(client.floor?.requestsPerSec).toBeGreaterThan(0)
      }
    },
    RUN_MS,
  )

  it(
    'leaves nothing behind that the next command does not remove, after SIGKILL in the middle of the load',
    async () => {
      const stateDir = ownStateDir()
      const out = join(dir, 'killed')
      const run = spawn(process.execPath, [MAIN, 'run', 'scenarios/smoke.yaml', '--out', out], { cwd: dir })
      const ids = () =>
        readEntries(stateDir)
          .filter(({ owner }) => owner.pid === run.pid)
          .map(({ id }) => id)
      let printed = ''
      run.stderr.on('data', (chunk) => {
        printed += chunk
      })
      while (!printed.includes('trial 1 of')) await once(run.stderr, 'data')
      const marks = ids()
      expect(marks.length).toBe(2)
      // Long enough for a trial of 1.2 s to be stored.
      await sleep(3000)
      run.kill('SIGKILL')
      await once(run, 'exit')
      const survivors = () =>
        listProcesses().filter(
          ({ pid, state }) => state !== 'Z' && marks.some((id) => startedWith(pid, `DYNO_RUN=${id}`)),
        )
      expect(survivors().length).toBeGreaterThan(0)

      const next = dyno('plan', 'scenarios/smoke.yaml')
      expect(next.status).toBe(0)
      expect(next.stderr).toContain('left by a killed run')
      expect(survivors()).toEqual([])
      expect(ids()).toEqual([])
      const sharedMemory = existsSync('/dev/shm') ? readdirSync('/dev/shm') : []
      expect(sharedMemory.filter((name) => marks.some((id) => name.includes(id)))).toEqual([])
      // What was measured is kept, and can be reported.
      expect(dyno('report', out).status).toBe(0)
      const kept = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunDocument
      expect(kept.interrupted).toBe(true)
      expect(kept.cells.some(({ counts }) => counts.completed > 0)).toBe(true)
    },
    RUN_MS,
  )

  it(
    'stands by for a user between up and down',
    async () => {
      const up = dyno('up', 'scenarios/smoke.yaml')
      expect(up.status, up.stderr).toBe(0)
      const url = /flask: (\S+)/.exec(up.stdout)?.[1]
      const answer = await fetch(`${url}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"features":[1.2,3.4,5.6,7.8]}',
      })
      expect(Object.keys((await answer.json()) as object)).toEqual(['prediction', 'confidence', 'raw_output'])
      expect(dyno('up', 'scenarios/smoke.yaml')).toMatchObject({ status: 2 })
      const down = dyno('down')
      expect(down).toMatchObject({ status: 0, stdout: 'stopped flask, triton\n' })
      await expect(fetch(`${url}/health`)).rejects.toThrow()
      expect(dyno('down').stdout).toBe('no servers are up\n')
    },
    RUN_MS,
  )

  it(
    'marks the cells of a server that dies in the middle, and measures the others to the end',
    async () => {
      const out = join(dir, 'dies')
      const run = spawn(process.execPath, [MAIN, 'run', 'scenarios/smoke.yaml', '--out', out], { cwd: dir })
      let printed = ''
      run.stderr.on('data', (chunk) => {
        printed += chunk
      })
      while (!printed.includes('trial 1 of')) await once(run.stderr, 'data')
      const flask = readEntries(ownStateDir()).find(({ owner, name }) => owner.pid === run.pid && name === 'flask')
      process.kill(-(flask?.leader?.pid ?? Number.NaN), 'SIGKILL')
      const [code] = await once(run, 'exit')
      expect(code).toBe(3)
      const document = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunDocument
      for (const cell of document.cells) {
        const codes = cell.problems.map((problem) => problem.code)
        if (cell.target === 'flask') expect(codes).toContain('server-died')
        else expect(cell.counts).toMatchObject({ failed: 0 })
      }
    },
    RUN_MS,
  )
})

describeWith(PYTHON, 'the Python side', (python) => {
  it(
    'passes its own tests, training the model again among them',
    () => {
      const args = ['-m', 'pytest', '-q', '--no-header', 'flask-app/tests']
      const { status, stdout } = spawnSync(python.python, args, {
        cwd: PACKAGE_DIR,
        encoding: 'utf8',
        timeout: SETUP_MS,
      })
      process.stdout.write(stdout.split('\n').slice(-3).join('\n'))
      expect(status, stdout).toBe(0)
      expect(stdout).toMatch(/\d+ passed/)
    },
    SETUP_MS,
  )
})

describeWith(PYTHON, 'a scenario that the servers cannot take', () => {
  it('is refused at planning, with the reason', () => {
    const { status, stderr } = dyno('plan', 'scenarios/smoke.yaml', '--set', 'matrix.batchSize=[1,9]')
    expect(status).toBe(2)
    expect(stderr).toContain('above the max_batch_size 8')
  })

  it(
    'names who holds a port that is taken',
    async () => {
      const path = join(dir, 'port.yaml')
      const holder = spawn(process.execPath, [
        '-e',
        'require("net").createServer().listen(0,"127.0.0.1",function(){console.log(this.address().port)})',
      ])
      const [line] = await once(holder.stdout, 'data')
      const port = Number(String(line))
      const text = readFileSync(join(PACKAGE_DIR, 'scenarios', 'smoke.yaml'), 'utf8')
      writeFileSync(path, text.replace('flask: { kind: flask }', `flask: { kind: flask, port: ${port} }`))
      const { status, stderr } = dyno('run', path, '--out', join(dir, 'port'))
      holder.kill()
      expect(status).toBe(4)
      expect(stderr).toContain(String(port))
      expect(stderr).toContain(String(holder.pid))
    },
    RUN_MS,
  )
})
