import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clean as cleanWith } from './clean.ts'
import { ownProcess, writeEntry } from './register.ts'

let dir: string
let stateDir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-clean-'))
  stateDir = join(dir, '.dyno')
  mkdirSync(join(stateDir, 'python-0123456789ab', 'lib'), { recursive: true })
  writeFileSync(join(stateDir, 'python-0123456789ab', 'lib', 'big'), 'x'.repeat(100_000))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const WITHOUT_ENGINE = { engine: null, images: false, volumes: false } as const

async function clean({ dryRun, ...folders }: { readonly stateDir: string; readonly dryRun: boolean }) {
  const { removed } = await cleanWith({ stateDirs: [folders.stateDir], dryRun, ...WITHOUT_ENGINE })
  return removed
}

describe('cleaning up', () => {
  it('removes the state folder and says how much it held', async () => {
    const removals = await clean({ stateDir, dryRun: false })
    expect(removals).toEqual([{ what: join(stateDir, 'python-0123456789ab'), bytes: expect.any(Number) }])
    expect(removals[0]?.bytes).toBeGreaterThanOrEqual(100_000)
    expect(existsSync(stateDir)).toBe(false)
    expect(await clean({ stateDir, dryRun: false })).toEqual([])
  })

  it('goes through the register of the project and the environments that projects share', async () => {
    const shared = join(dir, 'cache')
    mkdirSync(join(shared, 'python-ffffffffffff'), { recursive: true })
    const { removed } = await cleanWith({ stateDirs: [stateDir, shared], dryRun: false, ...WITHOUT_ENGINE })
    expect(removed.map(({ what }) => what)).toEqual([
      join(stateDir, 'python-0123456789ab'),
      join(shared, 'python-ffffffffffff'),
    ])
  })

  it('removes nothing in a dry run', async () => {
    expect(await clean({ stateDir, dryRun: true })).toHaveLength(1)
    expect(existsSync(join(stateDir, 'python-0123456789ab', 'lib', 'big'))).toBe(true)
  })

  it('never follows a link, nor counts what it leads to', async () => {
    mkdirSync(join(dir, 'precious'))
    writeFileSync(join(dir, 'precious', 'file'), 'x'.repeat(1_000_000))
    symlinkSync(join(dir, 'precious'), join(stateDir, 'python-0123456789ab', 'link'))
    symlinkSync(join(dir, 'precious'), join(stateDir, 'python-ffffffffffff'))
    const removals = await clean({ stateDir, dryRun: false })
    expect(removals.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(500_000)
    expect(readdirSync(join(dir, 'precious'))).toEqual(['file'])
    expect(existsSync(stateDir)).toBe(false)
  })

  it('leaves a folder of one’s own alone, but for what dyno alone can have written', async () => {
    writeFileSync(join(stateDir, '.gitignore'), 'node_modules\n')
    writeFileSync(join(stateDir, 'up.log'), 'mine')
    mkdirSync(join(stateDir, 'up-logs'))
    mkdirSync(join(stateDir, 'running'))
    writeFileSync(join(stateDir, 'running', 'notes.txt'), 'mine')
    writeFileSync(join(stateDir, 'running', '99-flask-0123456789ab.json'), '{}')
    const dry = await clean({ stateDir, dryRun: true })
    expect((await clean({ stateDir, dryRun: false })).map(({ what }) => what)).toEqual(dry.map(({ what }) => what))
    expect(readdirSync(stateDir).sort()).toEqual(['.gitignore', 'running', 'up-logs', 'up.log'])
    expect(readdirSync(join(stateDir, 'running'))).toEqual(['notes.txt'])
  })

  it('removes its logs and its .gitignore where that bears its mark', async () => {
    writeFileSync(join(stateDir, '.gitignore'), '*\n')
    writeFileSync(join(stateDir, 'up.log'), 'started')
    await clean({ stateDir, dryRun: false })
    expect(existsSync(stateDir)).toBe(false)
  })

  it('leaves alone what dyno did not make', async () => {
    writeFileSync(join(stateDir, 'notes.txt'), 'mine')
    mkdirSync(join(stateDir, 'python-scripts'))
    await clean({ stateDir, dryRun: false })
    expect(readdirSync(stateDir).sort()).toEqual(['notes.txt', 'python-scripts'])
  })

  it('refuses while a run goes on', async () => {
    const entry = { id: 'aaaabbbbcccc', name: 'triton', command: 'x', leader: null, temporaryDirs: [] }
    writeEntry(stateDir, { ...entry, owner: ownProcess() })
    await expect(clean({ stateDir, dryRun: false })).rejects.toMatchObject({ code: 'still-running' })
    expect(existsSync(join(stateDir, 'python-0123456789ab'))).toBe(true)
  })
})
