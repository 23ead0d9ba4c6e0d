import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readGpus, readHostFacts, stealFraction } from './host.ts'

describe('the machine', () => {
  it('is told by its CPU, cores, memory, kernel and Node', () => {
    const facts = readHostFacts()
    expect(facts.cores).toBeGreaterThan(0)
    expect(facts.memoryBytes).toBeGreaterThan(1e8)
    expect(Number.isFinite(facts.memoryBytes)).toBe(true)
    expect(facts.kernel).toMatch(/^\d+\.\d+/)
    expect(facts.node).toBe(process.version)
  })

  it.each([
    ['NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024', '550.54.15'],
    ['NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86  Release Build', '570.86'],
  ])('is told by its GPUs and their driver: %s', (version, driver) => {
    const dir = mkdtempSync(join(tmpdir(), 'dyno-gpus-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    for (const board of ['0000:00:04.0', '0000:00:05.0']) {
      mkdirSync(join(dir, 'gpus', board), { recursive: true })
      writeFileSync(join(dir, 'gpus', board, 'information'), 'Model: \t\t NVIDIA H200\nIRQ:   \t\t 10\n')
    }
    writeFileSync(join(dir, 'version'), `${version}\nGCC version:  gcc version 11.4.0\n`)
    expect(readGpus(dir)).toBe(`2 × NVIDIA H200, driver ${driver}`)
    expect(readGpus('/nowhere')).toBeNull()
  })
})

describe('what the hypervisor took', () => {
  it('is a share of the time between two readings', () => {
    expect(stealFraction({ total: 100, steal: 5 }, { total: 300, steal: 25 })).toBe(0.1)
    expect(stealFraction(null, { total: 300, steal: 25 })).toBeNull()
    expect(stealFraction({ total: 300, steal: 25 }, { total: 300, steal: 25 })).toBeNull()
  })
})
