// Where dyno reads and writes, in a checkout and as an installed package.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compileCacheDir, PACKAGE_DIR } from './core/package-dir.ts'
import { environmentDirOf, linkLatest, newRunDir, projectDirOf, stateDirOf } from './project.ts'

const INSTALLED = '/home/ann/work/node_modules/inference-dyno'
const CHECKOUT = '/home/ann/dyno'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-project-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe('dyno in an empty folder', () => {
  it('keeps its register and its runs there, never in its own package', () => {
    expect(projectDirOf({ cwd: dir })).toBe(dir)
    expect(stateDirOf({ cwd: dir, env: {} })).toBe(join(dir, '.dyno'))
    expect(newRunDir({ cwd: dir }, 'smoke')).toMatch(new RegExp(`^${dir}/reports/runs/[0-9-]+-smoke$`))
  })

  it('keeps them beside the model repository of a project, wherever in it the command is typed', () => {
    mkdirSync(join(dir, 'model_repository'))
    mkdirSync(join(dir, 'deep', 'down'), { recursive: true })
    expect(stateDirOf({ cwd: join(dir, 'deep', 'down'), env: {} })).toBe(join(dir, '.dyno'))
  })

  it('installed, keeps environments and compiled code in the user’s cache folder', () => {
    const env = { XDG_CACHE_HOME: '/cache', HOME: '/home/ann' }
    expect(environmentDirOf({ cwd: dir, env }, INSTALLED)).toBe('/cache/dyno')
    expect(compileCacheDir(env, INSTALLED)).toBe('/cache/dyno/compile-cache')
    expect(environmentDirOf({ cwd: dir, env: { HOME: '/home/ann' } }, INSTALLED)).toBe('/home/ann/.cache/dyno')
    // A relative one is to be ignored, says its specification.
    expect(environmentDirOf({ cwd: dir, env: { XDG_CACHE_HOME: 'x' } }, INSTALLED)).toBe(
      join(homedir(), '.cache', 'dyno'),
    )
  })

  it('from a checkout, keeps environments in the checkout’s ignored folder', () => {
    expect(environmentDirOf({ cwd: dir, env: {} }, CHECKOUT)).toBe(`${CHECKOUT}/.dyno`)
    expect(environmentDirOf({ cwd: PACKAGE_DIR, env: {} })).toBe(stateDirOf({ cwd: PACKAGE_DIR, env: {} }))
  })

  it('keeps all of it in DYNO_STATE_DIR, where that is set', () => {
    const place = { cwd: dir, env: { DYNO_STATE_DIR: 'state', XDG_CACHE_HOME: '/cache' } }
    expect(stateDirOf(place)).toBe(join(dir, 'state'))
    expect(environmentDirOf(place, INSTALLED)).toBe(join(dir, 'state'))
  })
})

describe('reports/runs/latest', () => {
  const finish = (id: string) => {
    mkdirSync(join(dir, id))
    linkLatest(join(dir, id))
  }
  const latest = () => join(dir, 'latest')

  it('names the newest finished run, and moves with the folder', () => {
    finish('one')
    expect(readlinkSync(latest())).toBe('one')
    finish('two')
    expect(readlinkSync(latest())).toBe('two')
  })

  it('replaces a planted link without following it', () => {
    mkdirSync(join(dir, 'elsewhere'))
    writeFileSync(join(dir, 'elsewhere', 'kept'), 'mine')
    symlinkSync('elsewhere', latest())
    finish('one')
    expect(readlinkSync(latest())).toBe('one')
    expect(readFileSync(join(dir, 'elsewhere', 'kept'), 'utf8')).toBe('mine')
    expect(existsSync(join(dir, 'elsewhere', 'one'))).toBe(false)
  })

  it.each([
    ['folder', () => mkdirSync(latest())],
    ['file', () => writeFileSync(latest(), 'mine')],
  ])('leaves a %s of the user with that name', (_, make) => {
    make()
    finish('one')
    expect(lstatSync(latest()).isSymbolicLink()).toBe(false)
  })
})
