import { expect, it } from 'vitest'
import { quantile, sortedCopy } from '../core/quantile.ts'
import { seededRandom } from '../core/random.ts'
import { constantServiceQueue, mixedServiceQueue, queue } from './simulated-queues.ts'

it('the mean time in an M/G/1 queue is that of Pollaczek and Khinchine', () => {
  // E S² = 2 · (0.9 + 0.1 · 5²) / 1.4² for a mean service of 1; 2 for one kind, 1 for a constant.
  for (const load of [0.3, 0.5, 0.7, 0.9]) {
    const mean = (secondMoment: number) => 1 + (load * secondMoment) / 2 / (1 - load)
    expect(mixedServiceQueue(load).meanMs).toBeCloseTo(mean((2 * (0.9 + 0.1 * 25)) / 1.4 ** 2), 9)
    expect(queue(load).meanMs).toBeCloseTo(mean(2), 9)
    expect(constantServiceQueue(load).meanMs).toBeCloseTo(mean(1), 9)
  }
})

it.each([queue(0.5), constantServiceQueue(0.5), mixedServiceQueue(0.5)])(
  'the quantiles of $name are those of a long simulation',
  (process) => {
    const sorted = sortedCopy(process.draw(300_000, seededRandom(3, 'long')))
    for (const fraction of [0.5, 0.9, 0.99]) {
      expect(quantile(sorted, fraction) / process.quantileMs(fraction)).toBeCloseTo(1, 1)
    }
  },
)
