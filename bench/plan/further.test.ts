// Trials beyond the plan: what they must hold for pairing, interleaving and numbering.
import { describe, expect, it } from 'vitest'
import { expand } from './expand.ts'
import { confirmTrials, roundTrials } from './further.ts'
import { closed, loaded } from './plan-fixture.ts'
import type { Trial } from './types.ts'

const plan = expand(loaded())
const cell = (target: string, batchSize = 4) => ({ target, batchSize, load: closed(8) })
const idsOf = (trials: readonly Trial[]) => trials.map(({ id }) => id)

describe('a round', () => {
  it('repeats whole blocks that hold a cell which is not precise, and no others', () => {
    const trials = roundTrials(plan, [cell('b')], { done: 3, more: 2 })
    expect(idsOf(trials).toSorted()).toEqual(
      ['a', 'b', 'c'].flatMap((target) => [4, 5].map((repetition) => `${target}/b4/c8#${repetition}`)),
    )
    expect(trials.map(({ repetition }) => repetition)).toEqual([4, 4, 4, 5, 5, 5])
    expect(trials.every(({ confirms }) => confirms === undefined)).toBe(true)
  })

  it('repeats a block once, however many of its cells are not precise, with its targets next to each other', () => {
    const trials = roundTrials(plan, [cell('a'), cell('c'), cell('b', 1)], { done: 9, more: 3 })
    expect(new Set(idsOf(trials)).size).toBe(18)
    expect(trials).toHaveLength(18)
    for (let first = 0; first < trials.length; first += 3) {
      const block = trials.slice(first, first + 3)
      expect(new Set(block.map(({ batchSize, repetition }) => `${batchSize} ${repetition}`)).size).toBe(1)
      expect(block.map(({ target }) => target).toSorted()).toEqual(['a', 'b', 'c'])
    }
  })

  it('comes in another order each time, and in the same one for the same seed', () => {
    const order = (done: number) =>
      roundTrials(plan, [cell('a'), cell('a', 1)], { done, more: 8 }).map(({ target, batchSize }) => target + batchSize)
    expect(order(3)).toEqual(order(3))
    expect(order(3)).not.toEqual(order(11))
  })

  it('is none where all cells are precise', () => {
    expect(roundTrials(plan, [], { done: 3, more: 2 })).toEqual([])
  })
})

describe('the trials that confirm a failure', () => {
  const suspects = [cell('b'), cell('c')]
  const measured = plan.trials

  it('are as many repetitions again, numbered on, of the suspects and of their baseline beside them', () => {
    const trials = confirmTrials(plan, suspects, { measured, baseline: 'a' })
    expect(idsOf(trials).toSorted()).toEqual(
      ['a', 'b', 'c'].flatMap((target) => [4, 5, 6].map((repetition) => `${target}/b4/c8#${repetition}`)),
    )
    expect(trials.map(({ repetition }) => repetition)).toEqual([4, 4, 4, 5, 5, 5, 6, 6, 6])
    expect(trials.every(({ confirms }) => confirms)).toBe(true)
  })

  it('go on from the last repetition of their block, where rounds were added to some', () => {
    const more = roundTrials(plan, [cell('a')], { done: 3, more: 2 })
    const trials = confirmTrials(plan, [cell('b'), cell('b', 1)], { measured: [...measured, ...more], baseline: null })
    expect(idsOf(trials).toSorted()).toEqual([
      ...[4, 5, 6].map((repetition) => `b/b1/c8#${repetition}`),
      ...[10, 6, 7, 8, 9].map((repetition) => `b/b4/c8#${repetition}`),
    ])
  })

  it('need no baseline, and are none without a suspect', () => {
    expect(confirmTrials(plan, suspects, { measured, baseline: null })).toHaveLength(6)
    expect(confirmTrials(plan, [], { measured, baseline: 'a' })).toEqual([])
  })
})
