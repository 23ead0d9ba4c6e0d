import { expect, it } from 'vitest'
import { pollsOn } from './polling.ts'

it.each([
  ['auto', 1, 8, true, 'seven cores are left'],
  ['auto', 2, 8, false, 'six cores are left'],
  ['always', 2, 2, true, 'it is asked for'],
  ['never', 1, 64, false, 'it is forbidden'],
] as const)('%s with %i threads on %i cores: %s, since %s', (polling, workers, cores, expected, _why) => {
  expect(pollsOn({ polling, workers }, cores)).toBe(expected)
})
