// The command line of `npm run bench:peers`: one table of flags, from which the help is written too.
import { parseArgs } from 'node:util'
import { BenchError, messageOf } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import type { PeersOptions } from './compare-peers.ts'
import type { Peer } from './peer.ts'
import { WORKS, type Work } from './works.ts'

const FLAGS = {
  rounds: { placeholder: 'N', description: 'Rounds, in each of which every client is measured once. Default: 3.' },
  seconds: { placeholder: 'N', description: 'Length of each measurement. Default: 5.' },
  only: { placeholder: 'NAME,…', description: 'These clients only. Default: all that are found on PATH.' },
  work: { placeholder: 'NAME,…', description: `These works only: ${WORKS.map(({ name }) => name).join(', ')}.` },
  json: { placeholder: 'FILE', description: 'Also writes every round’s figures, as JSON.' },
} as const

const LARGEST = { rounds: 100, seconds: 600 } as const

export interface CommandOptions extends PeersOptions {
  readonly jsonPath: string | null
}

/**
 * @returns `null` where help was asked for
 * @throws BenchError kind `usage`
 */
export function parseOptions(args: readonly string[], peers: readonly Peer[]): CommandOptions | null {
  const values = parse(args)
  if (values.help === true) return null
  return {
    rounds: whole('rounds', values.rounds, 3),
    seconds: whole('seconds', values.seconds, 5),
    peers: chosen<Peer>('only', values.only, peers),
    works: chosen<Work>('work', values.work, WORKS),
    jsonPath: values.json ?? null,
  }
}

export function renderHelp(): string {
  const rows = Object.entries(FLAGS).map(([name, { placeholder, description }]) => [
    `--${name} ${placeholder}`,
    description,
  ])
  return [
    'npm run bench:peers -- [flags]',
    '',
    'Measures the load generator of dyno against every other one that is found on PATH: CPU time per request against the',
    'same null server. Installs nothing.',
    '',
    ...rows.map(([flag = '', description = '']) => `  ${flag.padEnd(18)}${description}`),
    '',
  ].join('\n')
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  const options = { rounds: text, seconds: text, only: text, work: text, json: text } satisfies Record<
    keyof typeof FLAGS,
    typeof text
  >
  try {
    return parseArgs({ args: [...args], options: { ...options, help: { type: 'boolean', short: 'h' } } }).values
  } catch (error) {
    throw usage(messageOf(error), 'see: npm run bench:peers -- --help')
  }
}

function whole(flag: keyof typeof LARGEST, text: string | undefined, absent: number): number {
  if (text === undefined) return absent
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= LARGEST[flag]) return value
  throw usage(`--${flag} cannot be '${text}'`, `write a whole number from 1 to ${LARGEST[flag]}`)
}

/** In the order of the list, whatever that of the names. */
function chosen<Item extends { readonly name: string }>(
  flag: keyof typeof FLAGS,
  text: string | undefined,
  items: readonly Item[],
): readonly Item[] {
  if (text === undefined) return items
  const names = text.split(',').map((name) => name.trim())
  const known = items.map(({ name }) => name)
  for (const name of names) {
    if (known.includes(name)) continue
    const close = nearest(name, known)
    throw usage(
      `--${flag} cannot be '${name}'`,
      close === null ? `one of: ${known.join(', ')}` : `did you mean ${close}?`,
    )
  }
  return items.filter(({ name }) => names.includes(name))
}

function usage(message: string, hint: string): BenchError {
  return new BenchError({ kind: 'usage', code: 'flag-value', message, hint })
}
