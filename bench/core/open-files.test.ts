import { expect, it } from 'vitest'
import { checkOpenFiles, openFilesLimit } from './open-files.ts'

it('reads the soft limit of open files', () => {
  const limits =
    'Limit  Soft Limit  Hard Limit  Units\nMax open files            128                  4096                 files\n'
  expect(openFilesLimit(limits)).toBe(128)
  expect(openFilesLimit('Max open files            unlimited            unlimited            files\n')).toBeNull()
})

it('refuses a load that needs more, with the limit to set', () => {
  expect(() => checkOpenFiles(300, 128)).toThrow('300 connections need 364 open files, this process may have 128')
  expect(() => checkOpenFiles(0, 24)).toThrow('dyno needs 64 open files, this process may have 24')
  expect(() => checkOpenFiles(64, 128)).not.toThrow()
  expect(() => checkOpenFiles(4096, null)).not.toThrow()
})
