// The command line, and its help.
import { expect, it } from 'vitest'
import { parseOptions, renderHelp } from './options.ts'
import { PEERS } from './tools/all.ts'

it('measures everything in three rounds of five seconds unless told otherwise', () => {
  const options = parseOptions([], PEERS)
  expect(options).toMatchObject({ rounds: 3, seconds: 5, jsonPath: null })
  expect(options?.peers).toEqual(PEERS)
  expect(options?.works.map(({ name }) => name)).toEqual(['http', 'grpc-16x1', 'grpc-1x16'])
})

it('takes some clients and works', () => {
  const options = parseOptions(['--only', 'wrk,dyno', '--work', 'http', '--rounds', '1', '--seconds', '2'], PEERS)
  expect(options?.peers.map(({ name }) => name)).toEqual(['dyno', 'wrk'])
  expect(options?.works.map(({ name }) => name)).toEqual(['http'])
  expect(options).toMatchObject({ rounds: 1, seconds: 2 })
})

it.each([
  [['--only', 'wrkk'], "--only cannot be 'wrkk'", 'did you mean wrk?'],
  [['--work', 'nothing'], "--work cannot be 'nothing'", 'one of: http, grpc-16x1, grpc-1x16'],
  [['--rounds', '0'], "--rounds cannot be '0'", 'write a whole number from 1 to 100'],
  [['--seconds', '1.5'], "--seconds cannot be '1.5'", 'write a whole number from 1 to 600'],
  [['--round', '1'], "Unknown option '--round'", 'see: npm run bench:peers -- --help'],
])('refuses %j', (args, message, hint) => {
  expect(() => parseOptions(args, PEERS)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(message), hint }),
  )
})

it('lists every flag in the help', () => {
  expect(parseOptions(['--help'], PEERS)).toBeNull()
  for (const flag of ['rounds', 'seconds', 'only', 'work', 'json']) expect(renderHelp()).toContain(`--${flag} `)
})
