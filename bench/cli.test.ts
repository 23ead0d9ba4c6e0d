import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from './commands/all.ts'
import { dyno } from './testing/command-line.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-cli-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const world = () => ({ cwd: dir, stateDir: join(dir, 'state') })

describe('the command line', () => {
  it('lists every command', async () => {
    const { exitCode, stdout } = await dyno(world(), '--help')
    expect(exitCode).toBe(0)
    for (const { name } of COMMANDS) expect(stdout).toContain(`\n  ${name}`)
  })

  it.each(COMMANDS.map(({ name }) => [name]))('explains dyno %s with every flag', async (name) => {
    const { exitCode, stdout } = await dyno(world(), name, '--help')
    expect(exitCode).toBe(0)
    const command = COMMANDS.find((candidate) => candidate.name === name)
    for (const flag of Object.keys(command?.flags ?? {})) expect(stdout).toContain(`--${flag}`)
  })

  it.each([
    [['rnu'], 'did you mean: dyno run?'],
    [['run', 'no-such-file.yaml'], 'no-such-file.yaml'],
    [['run'], 'SCENARIO.yaml'],
    [['report', 'nowhere'], 'no run directory'],
    [['plan', 'x.yaml', '--jsn'], 'did you mean --json?'],
  ])('exits 2 for %j and says what to do', async (args, text) => {
    const { exitCode, stdout, stderr } = await dyno(world(), ...args)
    expect(exitCode).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(text)
  })

  it('prints the overview and exits 2 when it is called with nothing', async () => {
    expect(await dyno(world())).toMatchObject({ exitCode: 2 })
  })

  it('reports every problem of a scenario with its place', async () => {
    const path = join(dir, 'bad.yaml')
    writeFileSync(path, 'name: x\nmatrix:\n  batchSizes: [1]\nmesure: { duration: 5 parsecs }\n')
    const { exitCode, stderr } = await dyno(world(), 'plan', path)
    expect(exitCode).toBe(2)
    expect(stderr).toContain(`${path}:3:3`)
    expect(stderr).toContain(`${path}:4:1`)
    expect(stderr).toMatch(/batchSize\b/)
    expect(stderr).toMatch(/measure\b/)
  })
})
