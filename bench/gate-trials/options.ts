// The command line of `npm run bench:gate`: one table of flags, from which the help is written too.
import { parseArgs } from 'node:util'
import { BenchError, messageOf } from '../core/errors.ts'

const DEFAULT_SCENARIO = 'scenarios/flask-aa.yaml'

const FLAGS = {
  scenario: { placeholder: 'FILE', description: `With compare and gate. Default: ${DEFAULT_SCENARIO}.` },
  set: { placeholder: 'path=value', description: 'Changes a field of the scenario, e.g. matrix.batchSize=[1].' },
  runs: { placeholder: 'N', description: 'How often it runs. Default: 30.' },
  'first-seed': { placeholder: 'N', description: 'Seed of the first run; each later one has the next. Default: 1.' },
  neighbour: { placeholder: '', description: 'Loads one core for random halves of the time.' },
  json: { placeholder: 'FILE', description: 'Also writes every run’s outcome as JSON, after each.' },
} as const

const LARGEST = { runs: 10_000, 'first-seed': 1e9 } as const

export interface GateTrialsOptions {
  /** Path as typed. */
  readonly scenario: string
  /** `path=value` each. */
  readonly set: readonly string[]
  readonly runs: number
  readonly firstSeed: number
  readonly neighbour: boolean
  readonly jsonPath: string | null
}

/**
 * @returns `null` where help was asked for
 * @throws BenchError kind `usage`
 */
export function parseOptions(args: readonly string[]): GateTrialsOptions | null {
  const values = parse(args)
  if (values.help === true) return null
  return {
    scenario: values.scenario ?? DEFAULT_SCENARIO,
    set: values.set ?? [],
    runs: whole('runs', values.runs, { least: 1, absent: 30 }),
    firstSeed: whole('first-seed', values['first-seed'], { least: 0, absent: 1 }),
    neighbour: values.neighbour === true,
    jsonPath: values.json ?? null,
  }
}

export function renderHelp(): string {
  const rows = Object.entries(FLAGS).map(([name, { placeholder, description }]) => [
    `--${name} ${placeholder}`,
    description,
  ])
  return [
    'npm run bench:gate -- [flags]',
    '',
    'Runs a scenario many times and counts how often its gate fails, and other gates by the same measurements. Where',
    'the compared servers are the same, each failure is a false alarm; where one is slower, each is a regression found.',
    '',
    ...rows.map(([flag = '', description = '']) => `  ${flag.padEnd(18)}${description}`),
    '',
  ].join('\n')
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  const options = {
    scenario: text,
    set: { type: 'string', multiple: true },
    runs: text,
    'first-seed': text,
    neighbour: { type: 'boolean' },
    json: text,
  } as const satisfies Record<keyof typeof FLAGS, object>
  try {
    return parseArgs({ args: [...args], options: { ...options, help: { type: 'boolean', short: 'h' } } }).values
  } catch (error) {
    throw usage(messageOf(error), 'see: npm run bench:gate -- --help')
  }
}

function whole(
  flag: keyof typeof LARGEST,
  text: string | undefined,
  { least, absent }: { readonly least: number; readonly absent: number },
): number {
  if (text === undefined) return absent
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= LARGEST[flag]) return value
  throw usage(`--${flag} cannot be '${text}'`, `write a whole number from ${least} to ${LARGEST[flag]}`)
}

function usage(message: string, hint: string): BenchError {
  return new BenchError({ kind: 'usage', code: 'flag-value', message, hint })
}
