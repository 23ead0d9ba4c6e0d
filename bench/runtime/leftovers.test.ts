import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sleep } from '../core/clock.ts'
import { isRunning, readProcess } from '../core/proc-stat.ts'
import { processesOf } from './end-process.ts'
import { describeLeftovers, liveEntries, removeLeftovers } from './leftovers.ts'
import { type RegisterEntry, readEntries, sharedMemoryPrefix, writeEntry } from './register.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-leftovers-'))
})
afterEach(async () => {
  await removeLeftovers(dir)
  rmSync(dir, { recursive: true, force: true })
})

/** A node process that starts `script` as dyno starts a server, and is then killed. */
async function killedRun(script: string): Promise<RegisterEntry> {
  const code = `
    import { startProcess } from ${JSON.stringify(join(import.meta.dirname, 'process.ts'))}
    const [dir, script] = process.argv.slice(1)
    const env = { PATH: process.env.PATH }
    await startProcess({ name: 'server', command: 'sh', args: () => ['-c', script], env, cwd: dir, logDir: dir, stateDir: dir, graceMs: 0 })
    console.log('started')
    setInterval(() => {}, 1000)
  `
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', code, dir, script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(owner.stdout, 'data')
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  const entry = readEntries(dir).find(({ owner: { pid } }) => pid === owner.pid)
  if (entry === undefined) throw new Error('the run registered nothing')
  return entry
}

const dead = { pid: 2 ** 22 + 1, startTicks: 1 } // Above the largest number that Linux gives.

describe('what a killed run left', () => {
  it('is ended and forgotten, with one line for it', async () => {
    const entry = await killedRun('sleep 61 & sleep 62')
    expect(processesOf(entry).length).toBeGreaterThanOrEqual(2)
    expect(describeLeftovers(dir)).toHaveLength(1)
    const lines = await removeLeftovers(dir)
    expect(lines).toEqual([expect.stringMatching(/^server \(process \d+(, \d+)+\), left by run \d+$/)])
    expect(processesOf(entry)).toEqual([])
    expect(readEntries(dir)).toEqual([])
  })

  it('is found by its mark when its leader is gone', async () => {
    const entry = await killedRun('setsid sleep 63 & sleep 0.2')
    while (entry.leader !== null && isRunning(entry.leader)) await sleep(20)
    expect(processesOf(entry)).toHaveLength(1)
    await removeLeftovers(dir)
    expect(processesOf(entry)).toEqual([])
  })

  it('loses its shared memory, and nobody else’s', async () => {
    const id = 'aaaabbbbcccc'
    const own = join('/dev/shm', `${sharedMemoryPrefix(id)}region`)
    const other = join('/dev/shm', `${sharedMemoryPrefix('ddddeeeeffff')}region`)
    writeFileSync(own, 'x')
    writeFileSync(other, 'x')
    try {
      writeEntry(dir, { id, name: 'triton', command: 'x', owner: dead, leader: dead, temporaryDirs: [] })
      expect(await removeLeftovers(dir)).toEqual([own])
      expect([existsSync(own), existsSync(other)]).toEqual([false, true])
    } finally {
      rmSync(other, { force: true })
    }
  })
})

describe('what is not left over', () => {
  it('is a process that got the number of a registered one', async () => {
    const bystander = spawn('sleep', ['60'], { detached: true })
    await once(bystander, 'spawn')
    try {
      const leader = { pid: bystander.pid ?? 0, startTicks: 1 }
      writeEntry(dir, { id: 'aaaabbbbcccd', name: 'x', command: 'x', owner: dead, leader, temporaryDirs: [] })
      expect(await removeLeftovers(dir)).toEqual([])
      expect(bystander.exitCode ?? bystander.signalCode).toBeNull()
      expect(readProcess(leader.pid)).not.toBeNull()
    } finally {
      bystander.kill('SIGKILL')
    }
  })

  it('is the server of a run that goes on', async () => {
    const server = spawn('sleep', ['60'], { detached: true })
    await once(server, 'spawn')
    try {
      const own = (pid: number) => ({ pid, startTicks: readProcess(pid)?.startTicks ?? 0 })
      const entry = { id: 'aaaabbbbccce', name: 'x', command: 'x', temporaryDirs: [] }
      writeEntry(dir, { ...entry, owner: own(process.pid), leader: own(server.pid ?? 0) })
      expect(liveEntries(dir)).toHaveLength(1)
      expect(await removeLeftovers(dir)).toEqual([])
      expect(readProcess(server.pid ?? 0)).not.toBeNull()
    } finally {
      server.kill('SIGKILL')
      rmSync(join(dir, 'running'), { recursive: true })
    }
  })

  it('is anything that a spoilt register names', async () => {
    mkdirSync(join(dir, 'running'))
    writeFileSync(join(dir, 'running', 'half.json'), '{"id":')
    writeFileSync(join(dir, 'running', 'odd.json'), JSON.stringify({ id: '../../etc', owner: dead }))
    expect(await removeLeftovers(dir)).toEqual([])
  })
})
