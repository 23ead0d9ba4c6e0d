// What the flags choose, and the script's help.
import { expect, it } from 'vitest'
import { parseArguments } from '../cli/flags.ts'
import { optionsOf, PEER_FLAGS } from './options.ts'
import { PEERS } from './tools/all.ts'

const options = (...args: string[]) =>
  optionsOf(parseArguments('npm run bench:peers --', args, PEER_FLAGS, []).flags as never, PEERS)

it('measures everything in three rounds of five seconds unless told otherwise', () => {
  const { rounds, seconds, peers, works } = options()
  expect({ rounds, seconds }).toEqual({ rounds: 3, seconds: 5 })
  expect(peers).toEqual(PEERS)
  expect(works.map(({ name }) => name)).toEqual(['http', 'grpc-16x1', 'grpc-1x16'])
})

it('takes some clients and works', () => {
  const { rounds, seconds, peers, works } = options(
    ...['--only', 'wrk,dyno', '--work', 'http', '--rounds', '1', '--seconds', '2'],
  )
  expect({ rounds, seconds }).toEqual({ rounds: 1, seconds: 2 })
  expect(peers.map(({ name }) => name)).toEqual(['dyno', 'wrk'])
  expect(works.map(({ name }) => name)).toEqual(['http'])
})

it.each([
  [['--only', 'wrkk'], "--only cannot be 'wrkk'", 'did you mean wrk?'],
  [['--work', 'nothing'], "--work cannot be 'nothing'", 'one of: http, grpc-16x1, grpc-1x16'],
  [['--rounds', '0'], "--rounds cannot be '0'", 'write a whole number from 1 to 100'],
  [['--round', '1'], 'npm run bench:peers -- has no flag --round', 'did you mean --rounds?'],
])('refuses %j', (args, message, hint) => {
  expect(() => options(...args)).toThrow(expect.objectContaining({ message, hint }))
})
