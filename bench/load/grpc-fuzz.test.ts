// The short mode of `npm run fuzz` for gRPC over HTTP/2: hundreds of servers, from honest to insane, the same each time.
import { expect, it } from 'vitest'
import { runCampaign } from '../fuzz/campaign.ts'

const FRAMES = 20_000

it('reads fuzzed servers alike, whole and in pieces, and understands the honest ones', async () => {
  const { units, results } = await runCampaign({ kind: 'http2', seed: 7, goal: FRAMES })
  expect(units).toBeGreaterThanOrEqual(FRAMES)
  const least = { ok: 1000, status: 200, 'bad-response': 500, aborted: 100 }
  for (const [outcome, count] of Object.entries(least)) expect(results.get(outcome)).toBeGreaterThan(count)
  // Outcomes, and nearly every reason that a server can give to refuse it.
  expect(results.size).toBeGreaterThan(35)
})
