// What every tool is told to do.
import { describe, expect, it } from 'vitest'
import type { PeerJob } from '../peer.ts'
import { WORKS, type Work } from '../works.ts'
import { PEERS } from './all.ts'
import { h2load } from './h2load.ts'
import { perfAnalyzer } from './perf-analyzer.ts'

const jobOf = (work: Work): PeerJob => ({
  work,
  url: 'http://127.0.0.1:4711/path',
  address: '127.0.0.1:4711',
  httpUrl: 'http://127.0.0.1:4712',
  seconds: 9,
  bodyFile: '/job/body',
  messageFile: '/job/message',
  messageJsonFile: '/job/message.json',
  protoFile: '/protocol/kserve.proto',
  folder: '/job/folder',
})

const CASES = PEERS.flatMap((peer) =>
  WORKS.filter(({ name }) => peer.works.includes(name)).map((work) => ({ peer, name: peer.name, work })),
)

describe('the commands of the tools', () => {
  it.each(CASES)('$name sends to the server of $work.name for the time asked for', ({ peer, work }) => {
    const { args, files } = peer.command(jobOf(work))
    const said = [...args, ...Object.values(files ?? {})].join(' ')
    expect(said).toContain('127.0.0.1:4711')
    expect(said).toMatch(peer === perfAnalyzer ? /-p 100 -r 90 / : /\b9s?\b|-[dD]9s?\b/)
  })

  it('compares at least dyno and another client on every work', () => {
    for (const { name } of WORKS) {
      expect(CASES.filter(({ work }) => work.name === name).map((found) => found.name)).toContain('dyno')
      expect(CASES.filter(({ work }) => work.name === name).length).toBeGreaterThan(1)
    }
  })

  it('names every tool once', () => {
    expect(new Set(PEERS.map(({ name }) => name)).size).toBe(PEERS.length)
  })

  it('shapes a work as connections and streams on each', () => {
    const shapes = WORKS.map((work) => h2load.command(jobOf(work)).args.slice(0, 2))
    expect(shapes).toEqual([
      ['-c16', '-m1'],
      ['-c16', '-m1'],
      ['-c1', '-m16'],
    ])
  })
})
