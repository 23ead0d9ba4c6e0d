import { describe, expect, it } from 'vitest'
import type { BenchError } from '../core/errors.ts'
import { parseArguments } from './flags.ts'

const TABLE = {
  out: { kind: 'text', placeholder: 'DIR', description: '' },
  set: { kind: 'texts', placeholder: 'path=value', separator: null, description: '' },
  only: { kind: 'texts', placeholder: 'TARGET', separator: ',', description: '' },
  quick: { kind: 'switch', description: '' },
  seed: { kind: 'whole', placeholder: 'N', description: '' },
  runs: { kind: 'whole', placeholder: 'N', least: 1, largest: 100, description: '' },
  runtime: { kind: 'choice', choices: ['auto', 'local'], default: 'auto', description: '' },
} as const
const OPERANDS = [{ name: 'SCENARIO.yaml', description: 'a scenario' }]

const parse = (...args: string[]) => parseArguments('dyno run', args, TABLE, OPERANDS)

describe('arguments', () => {
  it('fall back to defaults', () => {
    expect(parse('a.yaml')).toEqual({
      help: false,
      operands: ['a.yaml'],
      flags: { out: null, set: [], only: [], quick: false, seed: null, runs: null, runtime: 'auto' },
    })
  })

  it('are read in any order, with = or a space, lists joined', () => {
    const args = [
      '--quick',
      '--set',
      'a=1',
      'a.yaml',
      '--only=x,y',
      '--set=b=2',
      '--only',
      'z',
      '--seed',
      '7',
      '--runtime=local',
    ]
    expect(parse(...args).flags).toEqual({
      out: null,
      set: ['a=1', 'b=2'],
      only: ['x', 'y', 'z'],
      quick: true,
      seed: 7,
      runs: null,
      runtime: 'local',
    })
  })

  it('may end in any number of one operand, of which one is needed', () => {
    const runs = [{ name: 'RUN_DIR…', description: '', repeated: true }] as const
    expect(parseArguments('dyno baseline', ['a', 'b', 'c'], {}, runs).operands).toEqual(['a', 'b', 'c'])
    expect(() => parseArguments('dyno baseline', [], {}, runs)).toThrow('needs RUN_DIR')
  })

  it('ask for help even when the rest is wrong', () => {
    expect(parse('--help', '--nonsense').help).toBe(true)
    expect(parse('-h').help).toBe(true)
  })

  it.each([
    [['a.yaml', '--qiuck'], 'unknown-flag', 'did you mean --quick?'],
    [['a.yaml', '--verbose'], 'unknown-flag', 'see: dyno run --help'],
    [['a.yaml', '-x'], 'unknown-flag', 'see: dyno run --help'],
    [['a.yaml', '--out'], 'flag-value', 'write: --out DIR'],
    [['a.yaml', '--out='], 'flag-value', 'write: --out DIR'],
    [['a.yaml', '--quick=yes'], 'flag-value', 'see: dyno run --help'],
    [['a.yaml', '--seed', 'x'], 'flag-value', 'write a whole number of at least 0'],
    [['a.yaml', '--seed=-1'], 'flag-value', 'write a whole number of at least 0'],
    [['a.yaml', '--seed', '9007199254740992'], 'flag-value', 'write a whole number of at least 0'],
    [['a.yaml', '--runs', '0'], 'flag-value', 'write a whole number from 1 to 100'],
    [['a.yaml', '--runs', '101'], 'flag-value', 'write a whole number from 1 to 100'],
    [['a.yaml', '--runs', '1.5'], 'flag-value', 'write a whole number from 1 to 100'],
    [['a.yaml', '--runtime', 'lokal'], 'flag-value', 'did you mean --runtime local?'],
    [['a.yaml', '--runtime', 'zzzzzzzz'], 'flag-value', 'one of: auto, local'],
    [[], 'operand-missing', 'see: dyno run --help'],
    [['a.yaml', 'b.yaml'], 'operand-extra', 'see: dyno run --help'],
  ])('refuses %j as %s', (args, code, hint) => {
    let thrown: BenchError | undefined
    try {
      parse(...args)
    } catch (error) {
      thrown = error as BenchError
    }
    expect(thrown).toMatchObject({ kind: 'usage', code, hint })
  })
})
