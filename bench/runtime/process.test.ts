import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sleep } from '../core/clock.ts'
import { processesOf } from './end-process.ts'
import { type StartedProcess, startProcess } from './process.ts'
import { readEntries } from './register.ts'

let dir: string
const started: StartedProcess[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-process-'))
})
afterEach(async () => {
  for (const process of started.splice(0)) await process.stop()
  rmSync(dir, { recursive: true, force: true })
})

async function start(command: string, args: readonly string[], graceMs = 2000): Promise<StartedProcess> {
  const process_ = await startProcess({
    name: 'fake',
    command,
    args: () => args,
    env: { PATH: process.env.PATH ?? '', COLOUR: 'blue' },
    cwd: dir,
    logDir: join(dir, 'logs'),
    stateDir: dir,
    graceMs,
  })
  started.push(process_)
  return process_
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 500) throw new Error('the condition did not come about within 10 s')
    await sleep(20)
  }
}

describe('a started process', () => {
  it('runs with the given environment alone, in its folder, logged to a file', async () => {
    const process_ = await start('sh', ['-c', 'echo "$COLOUR in $PWD, home [$HOME]"; echo trouble >&2; exec sleep 60'])
    await until(() => process_.logTail(5).length === 2)
    expect(readFileSync(join(dir, 'logs/fake.log'), 'utf8')).toBe(`blue in ${dir}, home []\ntrouble\n`)
    expect(process_.death()).toBeNull()
    expect(process_.resources()?.memoryBytes).toBeGreaterThan(0)
  })

  it('is registered while it runs, and no longer', async () => {
    const process_ = await start('sleep', ['60'])
    const [entry] = readEntries(dir)
    expect(entry).toMatchObject({
      name: 'fake',
      command: 'sleep 60',
      leader: { pid: process_.pid },
      owner: { pid: process.pid },
    })
    await process_.stop()
    expect(readEntries(dir)).toEqual([])
    expect(readFileSync(join(dir, '.gitignore'), 'utf8')).toBe('*\n')
  })

  it('is ended with everything it started, even what left its group and ignores SIGTERM', async () => {
    const script = "trap '' TERM; setsid sh -c \"trap '' TERM; sleep 61\" & sleep 62 & echo up; wait"
    const process_ = await start('sh', ['-c', script], 200)
    await until(() => process_.logTail(1).length === 1)
    const [entry] = readEntries(dir)
    if (entry === undefined) throw new Error('not registered')
    await until(() => processesOf(entry).length >= 4)
    await Promise.all([process_.stop(), process_.stop()])
    expect(processesOf(entry)).toEqual([])
    expect(process_.resources()).toBeNull()
  })

  it('tells how it died, with the end of its log', async () => {
    const process_ = await start('sh', ['-c', 'echo first; printf "\\033[31mlast words\\033[0m\\n"; exit 3'])
    await process_.ended
    expect(process_.death()).toEqual({ reason: 'fake exited with code 3', logTail: ['first', 'last words'] })
  })

  it('names the signal that ended it', async () => {
    const process_ = await start('sh', ['-c', 'kill -SEGV $$'])
    await process_.ended
    expect(process_.death()?.reason).toBe('fake was ended by SIGSEGV')
  })

  it('that cannot be started is an error, and leaves no trace', async () => {
    await expect(start(join(dir, 'nothing'), [])).rejects.toMatchObject({
      code: 'program-not-startable',
      message: expect.stringContaining('ENOENT'),
    })
    expect(readEntries(dir)).toEqual([])
  })

  it('loses the folder that it leaves when it is killed, unless something lies in it', async () => {
    const [empty, full] = [mkdtempSync(join(dir, 'empty-')), mkdtempSync(join(dir, 'full-'))]
    mkdtempSync(join(full, 'precious-'))
    const process_ = await start('sleep', ['60'])
    process_.ownsTemporaryDir(empty)
    process_.ownsTemporaryDir(full)
    await process_.stop()
    expect([existsSync(empty), existsSync(full)]).toEqual([false, true])
  })
})
