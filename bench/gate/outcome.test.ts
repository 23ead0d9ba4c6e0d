// A baseline in the same run whose numbers are bent says nothing of how much worse a candidate is.
import { expect, it } from 'vitest'
import { problem } from '../analysis/problems.ts'
import { spoilingProblem } from './outcome.ts'

const cell = (...codes: Parameters<typeof problem>[0][]) => ({ problems: codes.map((code) => problem(code, 'seen')) })

it('finds a baseline that looks slower than it is: a slower candidate would pass beside it', () => {
  expect(spoilingProblem(cell('sent-late'), 'p99')?.code).toBe('sent-late')
  expect(spoilingProblem(cell('sent-late'), 'requestsPerSec')).toBeNull()
})

it('leaves noise alone that hit both sides', () => {
  expect(spoilingProblem(cell('noisy-host'), 'p99')).toBeNull()
  expect(spoilingProblem(cell('noisy-host', 'error-rate'), 'p99')?.code).toBe('error-rate')
})
