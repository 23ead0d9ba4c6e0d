// Where tools and cores are found, and what the kernel's tables say.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { connectionsIn } from './connections.ts'
import { findBinary, findPeer, goModuleVersion } from './find-peer.ts'
import { parseCores, pin } from './pinning.ts'
import { wrk } from './tools/wrk.ts'

const folder = mkdtempSync(join(tmpdir(), 'dyno-find-peer-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.unstubAllEnvs())

function program(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, 0o755)
  return path
}

it('finds a program on PATH and asks it for its version', async () => {
  const binary = program('wrk', '#!/bin/sh\necho "wrk 4.2.0 [epoll] Copyright"; exit 1\n')
  vi.stubEnv('PATH', `${folder}:/usr/bin:/bin`)
  expect(await findPeer(wrk)).toEqual({ peer: wrk, binary, version: '4.2.0' })
})

it('finds nothing that cannot be executed, and nothing beside PATH', async () => {
  writeFileSync(join(folder, 'ab'), 'no program')
  vi.stubEnv('PATH', folder)
  expect(findBinary('ab')).toBeNull()
  expect(findBinary('no-such-load-generator')).toBeNull()
})

it('finds the clients that come with the project, wherever PATH leads', () => {
  vi.stubEnv('PATH', folder)
  expect(findBinary('autocannon')).toMatch(/node_modules.\.bin.autocannon$/)
})

it('reads the version of a Go program that does not tell one', async () => {
  const build = 'rodata\nmod\tis a word\0\nmod\texample.org/tool\tv1.2.6\th1:NYLe=\ndep\texample.org/other\tv9.9.9\t\n'
  expect(goModuleVersion(Buffer.from(build))).toBe('1.2.6')
  expect(goModuleVersion(Buffer.from('\nmod\texample.org/tool\t(devel)\t\n'))).toBeNull()
})

it('gives server and client a core each where there are two', () => {
  expect(parseCores('0-2,5')).toEqual([0, 1, 2, 5])
  expect(parseCores('')).toEqual([])
  expect(pin([2, 3, 4])).toMatchObject({ server: 2, client: 3 })
  expect(pin([0])).toEqual({
    server: null,
    client: null,
    text: 'server and client on any core, because there is one core only',
  })
})

it('counts the server’s ends of established connections', () => {
  const table = `  sl  local_address rem_address   st tx_queue
   0: 0100007F:1267 00000000:0000 0A 00000000:00000000
   1: 0100007F:1267 0100007F:D431 01 00000000:00000000
   2: 0100007F:D431 0100007F:1267 01 00000000:00000000
   3: 0100007F:1267 0100007F:D432 06 00000000:00000000
`
  expect(connectionsIn(table, 0x1267)).toBe(1)
})
