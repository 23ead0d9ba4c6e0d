import fc from 'fast-check'
import { expect, it } from 'vitest'
import { nearest } from './nearest.ts'

it.each([
  ['batchsize', ['batchSize', 'load'], 'batchSize', 'letter case alone'],
  ['batchSzie', ['batchSize', 'load'], 'batchSize', 'two neighbours swapped count once'],
  ['repetition', ['repetitions', 'seed'], 'repetitions', 'a missing letter'],
  ['qick', ['quick', 'quiet'], 'quick', 'the nearer of two'],
  ['htp', ['http', 'grpc'], 'http', 'a short word with one edit'],
  ['tls', ['url', 'grpcUrl'], null, 'a short word that is another word'],
  ['a', ['b'], null, 'one letter is never near another'],
  ['', ['b'], null, 'nothing is near nothing'],
  ['seed', [], null, 'no candidates'],
  ['durationnnnnn', ['duration'], null, 'too much would have to change'],
])('finds for %j among %j: %j (%s)', (word, candidates, expected, _why) => {
  expect(nearest(word, candidates)).toBe(expected)
})

it('finds every word of four letters or more after one random edit', () => {
  const words = ['measure', 'matrix', 'servers', 'targets', 'compare']
  fc.assert(
    fc.property(fc.constantFrom(...words), fc.nat(), fc.constantFrom('x', 'q', ''), (word, seed, letter) => {
      const index = seed % word.length
      expect(nearest(word.slice(0, index) + letter + word.slice(index + 1), words)).toBe(word)
    }),
  )
})

it('refuses a word of hostile length at once', () => {
  expect(nearest('x'.repeat(1e6), ['x'.repeat(1e6 - 1)])).toBeNull()
})
