// The command line, and its help.
import { expect, it } from 'vitest'
import { parseOptions, renderHelp } from './options.ts'

it('runs the A/A of Flask thirty times unless told otherwise', () => {
  expect(parseOptions([])).toEqual({
    scenario: 'scenarios/flask-aa.yaml',
    set: [],
    runs: 30,
    firstSeed: 1,
    neighbour: false,
    jsonPath: null,
  })
})

it('takes another scenario, changes of it, seeds and a neighbour', () => {
  const set = ['--set', 'a=1', '--set', 'b=2']
  expect(
    parseOptions(['--scenario', 'x.yaml', ...set, '--runs', '3', '--first-seed', '0', '--neighbour', '--json', 'o']),
  ).toEqual({ scenario: 'x.yaml', set: ['a=1', 'b=2'], runs: 3, firstSeed: 0, neighbour: true, jsonPath: 'o' })
})

it.each([
  [['--runs', '0'], "--runs cannot be '0'", 'write a whole number from 1 to 10000'],
  [['--runs', 'ten'], "--runs cannot be 'ten'", 'write a whole number from 1 to 10000'],
  [['--first-seed', '1.5'], "--first-seed cannot be '1.5'", 'write a whole number from 0 to 1000000000'],
  [['--neighbor'], "Unknown option '--neighbor'", 'see: npm run bench:gate -- --help'],
  [['scenarios/flask-aa.yaml'], 'Unexpected argument', 'see: npm run bench:gate -- --help'],
])('refuses %j', (args, message, hint) => {
  expect(() => parseOptions(args)).toThrow(expect.objectContaining({ message: expect.stringContaining(message), hint }))
})

it('lists every flag in the help', () => {
  expect(parseOptions(['--help'])).toBeNull()
  for (const flag of ['scenario', 'set', 'runs', 'first-seed', 'neighbour', 'json'])
    expect(renderHelp()).toContain(`--${flag} `)
})
