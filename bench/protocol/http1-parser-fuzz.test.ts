// The short mode of `npm run fuzz` for HTTP/1: thousands of hostile answers, the same each time.
import { expect, it } from 'vitest'
import { FuzzFailure, runCampaign } from '../fuzz/campaign.ts'

const ANSWERS = 12_000

it('judges fuzzed answers alike: alone, after others, in pieces, and whatever lies around them', async () => {
  const { units, results } = await runCampaign({ kind: 'http1', seed: 7, goal: ANSWERS })
  expect(units).toBeGreaterThanOrEqual(ANSWERS)
  // Neither refused as noise, nor all of them right; and refused for nearly every reason that there is.
  expect(results.get('ok')).toBeGreaterThan(units / 3)
  expect(results.get('ok')).toBeLessThan((units * 5) / 6)
  expect(results.size).toBeGreaterThan(17)
})

it('names the case, the seed and the bytes of what fails', () => {
  const failure = new FuzzFailure({ kind: 'http1', seed: 7, goal: 1 }, 3, new Error('reason'))
  expect(failure.message).toMatch(/^http1 case 3 of seed 7: Error: reason.*\nbytes: 485454502f/s)
})
