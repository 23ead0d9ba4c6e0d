import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { checkTrusted } from './trusted-folder.ts'

const dir = mkdtempSync(join(tmpdir(), 'dyno-trust-'))
afterAll(() => rmSync(dir, { recursive: true }))
const uid = process.getuid?.() ?? 0

it('trusts a folder of one’s own, and one that is not there', () => {
  expect(() => checkTrusted(dir)).not.toThrow()
  expect(() => checkTrusted(join(dir, 'none'))).not.toThrow()
})

it('refuses one of another user', () => {
  expect(() => checkTrusted(dir, uid + 1)).toThrow(`it belongs to another user (${uid})`)
})

it('refuses one that everybody may write, also behind a link of one’s own', () => {
  const open = join(dir, 'open')
  mkdirSync(open)
  chmodSync(open, 0o777)
  expect(() => checkTrusted(open)).toThrow('everybody may write it')
  symlinkSync(open, join(dir, 'link'))
  expect(() => checkTrusted(join(dir, 'link'))).toThrow('everybody may write it')
  symlinkSync(dir, join(dir, 'own'))
  expect(() => checkTrusted(join(dir, 'own'))).not.toThrow()
  expect(() => checkTrusted(join(dir, 'own'), uid + 1)).toThrow('it is no folder')
})

it('refuses one that a group of others may write', () => {
  const shared = join(dir, 'shared')
  mkdirSync(shared)
  chmodSync(shared, 0o775)
  const gid = process.getgid?.() ?? 0
  expect(() => checkTrusted(shared, uid, gid)).not.toThrow()
  expect(() => checkTrusted(shared, uid, gid + 1)).toThrow(`a group of others may write it (${gid})`)
})
