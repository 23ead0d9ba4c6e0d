import { expect, it } from 'vitest'
import { takesEscapes } from './command.ts'

const terminal = { write() {}, isTTY: true }

it.each<[string, Record<string, string>, boolean]>([
  ['a terminal', { TERM: 'xterm-256color' }, true],
  ['a terminal that says nothing of itself', {}, true],
  ['a dumb terminal', { TERM: 'dumb' }, false],
  ['a user who wants no colour', { TERM: 'xterm', NO_COLOR: '1' }, false],
  ['an empty NO_COLOR, which is none (no-color.org)', { TERM: 'xterm', NO_COLOR: '' }, true],
])('%s: escapes %j: %s', (_, env, expected) => {
  expect(takesEscapes(terminal, env)).toBe(expected)
})

it('a pipe or a file takes no escapes', () => {
  expect(takesEscapes({ write() {} }, { TERM: 'xterm' })).toBe(false)
})
