import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findPython, libpythonMissing, requireVenv } from './python.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-python-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function program(folder: string, name: string, body: string): string {
  mkdirSync(join(dir, folder), { recursive: true })
  const path = join(dir, folder, name)
  writeFileSync(path, `#!/bin/sh\n${body}\n`)
  chmodSync(path, 0o755)
  return path
}

/** A program that answers the probe as a Python of this version would. 3.12.99 so that no real library matches. */
function fakePython(
  folder: string,
  name: string,
  says: { version: string; venv?: boolean; library?: boolean },
): string {
  const path = join(dir, folder, name)
  const libraries = join(dir, folder, 'lib')
  if (says.library !== false) {
    mkdirSync(libraries, { recursive: true })
    writeFileSync(join(libraries, `libpython${says.version.split('.').slice(0, 2).join('.')}.so.1.0`), '')
  }
  const answer = { path, version: says.version, hasVenv: says.venv ?? true, folders: [libraries] }
  return program(folder, name, `echo '${JSON.stringify(answer)}'`)
}

const find = (folders: readonly string[], extra: NodeJS.ProcessEnv = {}) =>
  findPython({ PATH: folders.map((folder) => join(dir, folder)).join(':'), ...extra })

describe('finding Python', () => {
  it('passes over a shim that stands for nothing', async () => {
    program('shims', 'python3.11', 'echo "pyenv: python3.11: command not found" >&2; exit 127')
    const real = fakePython('bin', 'python3.11', { version: '3.11.7' })
    expect(await find(['shims', 'bin'])).toMatchObject({ path: real, version: '3.11.7', hasVenv: true })
  })

  it('passes over what prints something else', async () => {
    program('bin', 'python3.11', 'echo hello')
    const real = fakePython('bin', 'python3.10', { version: '3.10.2' })
    expect(await find(['bin'])).toMatchObject({ path: real })
  })

  it('prefers 3.11, then 3.12, then 3.10', async () => {
    fakePython('bin', 'python3.10', { version: '3.10.2' })
    const newer = fakePython('bin', 'python3.12', { version: '3.12.1' })
    expect((await find(['bin'])).path).toBe(newer)
  })

  it('prefers one with venv and the shared library to one without', async () => {
    fakePython('a', 'python3.11', { version: '3.11.7', venv: false })
    const whole = fakePython('b', 'python3.10', { version: '3.10.4' })
    expect((await find(['a', 'b'])).path).toBe(whole)
  })

  it('takes what there is, and says what it lacks only when it is needed', async () => {
    fakePython('bin', 'python3', { version: '3.12.1', venv: false, library: false })
    const python = await find(['bin'])
    expect(() => requireVenv(python)).toThrow('venv and ensurepip')
    expect(libpythonMissing(python.version)).toMatchObject({
      code: 'libpython-missing',
      hint: expect.stringContaining('apt install libpython3.12'),
    })
  })

  it('lists the versions that it found when none fits', async () => {
    const old = fakePython('bin', 'python3', { version: '3.9.1' })
    await expect(find(['bin'])).rejects.toMatchObject({ code: 'python-version', evidence: [`${old} is 3.9.1`] })
  })

  it('says that there is none', async () => {
    await expect(find([])).rejects.toMatchObject({
      code: 'python-missing',
      hint: expect.stringContaining('apt install'),
    })
  })

  it('takes the one that the user names, and no other', async () => {
    fakePython('bin', 'python3.11', { version: '3.11.7' })
    const chosen = fakePython('mine', 'snake', { version: '3.12.3' })
    expect((await find(['bin'], { DYNO_PYTHON: chosen })).path).toBe(chosen)
    await expect(find(['bin'], { DYNO_PYTHON: join(dir, 'none') })).rejects.toMatchObject({
      code: 'python-missing',
      message: expect.stringContaining('DYNO_PYTHON='),
    })
  })
})
