// The flags of `npm run bench:peers`, and what they choose.
import type { FlagTable, FlagValues } from '../cli/flags.ts'
import { BenchError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import type { PeersOptions } from './compare-peers.ts'
import type { Peer } from './peer.ts'
import { WORKS, type Work } from './works.ts'

export const PEER_FLAGS = {
  rounds: {
    kind: 'whole',
    placeholder: 'N',
    least: 1,
    largest: 100,
    description: 'Rounds, in each of which every client is measured once. Default: 3.',
  },
  seconds: {
    kind: 'whole',
    placeholder: 'N',
    least: 1,
    largest: 600,
    description: 'Length of each measurement. Default: 5.',
  },
  only: {
    kind: 'texts',
    placeholder: 'NAME',
    separator: ',',
    description: 'These clients only. Default: all that are found on PATH.',
  },
  work: {
    kind: 'texts',
    placeholder: 'NAME',
    separator: ',',
    description: `These works only: ${WORKS.map(({ name }) => name).join(', ')}.`,
  },
  json: { kind: 'text', placeholder: 'FILE', description: 'Also writes every round’s figures, as JSON.' },
} as const satisfies FlagTable

/** @throws BenchError kind `usage` for a client or a work that there is none of */
export function optionsOf(flags: FlagValues<typeof PEER_FLAGS>, peers: readonly Peer[]): PeersOptions {
  return {
    rounds: flags.rounds ?? 3,
    seconds: flags.seconds ?? 5,
    peers: chosen<Peer>('only', flags.only, peers),
    works: chosen<Work>('work', flags.work, WORKS),
  }
}

/** In the order of the list, whatever that of the names. */
function chosen<Item extends { readonly name: string }>(
  flag: string,
  names: readonly string[],
  items: readonly Item[],
): readonly Item[] {
  if (names.length === 0) return items
  const known = items.map(({ name }) => name)
  for (const name of names) {
    if (known.includes(name)) continue
    const close = nearest(name, known)
    throw new BenchError({
      kind: 'usage',
      code: 'flag-value',
      message: `--${flag} cannot be '${name}'`,
      hint: close === null ? `one of: ${known.join(', ')}` : `did you mean ${close}?`,
    })
  }
  return items.filter(({ name }) => names.includes(name))
}
