import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { isRunning, parseStat, readProcess, startedWith } from './proc-stat.ts'

it('reads the fields after a name that holds brackets and spaces', () => {
  const fields = Array.from({ length: 50 }, (_, index) => String(index + 4)) // The value of a field is its number.
  expect(parseStat(`321 (a) S) (b) S ${fields.join(' ')}`)).toEqual({
    pid: 321,
    name: 'a) S) (b',
    state: 'S',
    parentPid: 4,
    groupPid: 5,
    cpuTicks: 14 + 15 + 16 + 17,
    startTicks: 22,
    residentPages: 24,
  })
})

it('finds nothing in half a line', () => {
  expect(parseStat('321 (sh) S 1 2')).toBeNull()
  expect(parseStat('')).toBeNull()
})

it('tells a process from another with its number', () => {
  const self = readProcess(process.pid)
  expect(self).not.toBeNull()
  expect(isRunning({ pid: process.pid, startTicks: self?.startTicks ?? 0 })).toBe(true)
  expect(isRunning({ pid: process.pid, startTicks: 1 })).toBe(false)
})

it('sees a mark in the environment of a child', async () => {
  const child = spawn('sleep', ['60'], { env: { DYNO_RUN: 'abc' } })
  await once(child, 'spawn')
  try {
    expect(startedWith(child.pid ?? 0, 'DYNO_RUN=abc')).toBe(true)
    expect(startedWith(child.pid ?? 0, 'DYNO_RUN=ab')).toBe(false)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  expect(startedWith(child.pid ?? 0, 'DYNO_RUN=abc')).toBe(false)
})
