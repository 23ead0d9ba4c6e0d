import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sleep } from '../core/clock.ts'
import { holderOf, takeLock } from './folder-lock.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-lock-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const wait = (signal: AbortSignal = new AbortController().signal) => ({ signal, onWait: () => {} })

it('lets one in at a time, and each in the end', async () => {
  const path = join(dir, 'lock')
  let inside = 0
  let most = 0
  const work = async () => {
    const release = await takeLock(path, wait())
    inside++
    most = Math.max(most, inside)
    await sleep(5)
    inside--
    release()
  }
  await Promise.all([work(), work(), work(), work()])
  expect(most).toBe(1)
  expect(readdirSync(dir)).toEqual([])
})

it('tells who holds it while it waits, and stops waiting on the signal', async () => {
  const path = join(dir, 'lock')
  const release = await takeLock(path, wait())
  const controller = new AbortController()
  const told: number[] = []
  const waiting = takeLock(path, {
    signal: controller.signal,
    onWait: (pid) => {
      told.push(pid)
      controller.abort(new Error('Ctrl-C'))
    },
  })
  await expect(waiting).rejects.toThrow('Ctrl-C')
  expect(told).toEqual([process.pid])
  release()
})

it.each([
  ['a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, startTicks: 5 })],
  ['another process with the number of the holder', JSON.stringify({ pid: process.pid, startTicks: 5 })],
])('is taken from %s', async (_, content) => {
  const path = join(dir, 'lock')
  writeFileSync(path, content)
  const release = await takeLock(path, wait())
  expect(holderOf(path)?.pid).toBe(process.pid)
  expect(holderOf(path)?.startTicks).not.toBe(5)
  release()
  expect(readdirSync(dir)).toEqual([])
})

it.each(['', 'garbage', '{}'])('takes a lock over that is nobody’s: %j', async (content) => {
  const path = join(dir, 'lock')
  writeFileSync(path, content)
  const release = await takeLock(path, wait(AbortSignal.timeout(5000)))
  expect(holderOf(path)?.pid).toBe(process.pid)
  release()
  expect(readdirSync(dir)).toEqual([])
})
