// An outcome from a run that was made by hand: what counts as an alarm, and what it was made of.
import { expect, it } from 'vitest'
import { compareTargets } from '../analysis/compare-targets.ts'
import { CLOSED, closedLoop, makeMeasurement } from '../analysis/measurement-fixture.ts'
import { type SummarisedCell, summarise } from '../analysis/summarise.ts'
import { makeRun } from '../gate/gate-fixture.ts'
import { outcomeOf } from './outcome.ts'

/** 400 latencies per repetition, from its own lowest to 19 % more. */
function cellOf(target: string, batchSize: number, lowestMs: readonly number[]): SummarisedCell {
  const key = { target, batchSize, load: CLOSED }
  const measurements = lowestMs.map((ms, index) => {
    const latenciesMs = Array.from({ length: 400 }, (_, row) => ms * (1 + ((row * 7 + index) % 20) / 100))
    return makeMeasurement({ ...key, repetition: index + 1, ...closedLoop(latenciesMs) })
  })
  return summarise(key, measurements, null)
}

const SLOWER = [2.0, 2.02, 2.01, 2.03]
const SETTING = { seed: 7, seconds: 12, baseline: 'before', repetitions: 3 }

const summarised = [
  cellOf('before', 1, [1, 1.01, 1.02, 1.01]),
  cellOf('before', 4, [1, 1.01, 1.02]),
  cellOf('after', 1, SLOWER),
  cellOf('after', 4, [1.01, 1, 1.02]),
]
const finding = {
  rule: 'p50 at most 5 % worse',
  target: 'after',
  load: CLOSED,
  metric: 'p50',
  measured: 1,
  limit: 0.05,
} as const
const run = makeRun({
  cells: summarised.map(({ cell }) => cell),
  comparisons: compareTargets(summarised, 'before'),
  gate: {
    status: 'fail',
    findings: [
      { ...finding, batchSize: 1, status: 'fail', why: 'twice as slow' },
      { ...finding, batchSize: 4, status: 'pass', why: 'alike' },
    ],
  },
})
const outcome = outcomeOf({ run, summarised }, SETTING)

it('tells the verdict, what did not pass, and which cells were measured once more', () => {
  expect(outcome).toMatchObject({
    seed: 7,
    seconds: 12,
    status: 'fail',
    notPassed: [{ cell: 'after/b1/c1', rule: finding.rule, status: 'fail', why: 'twice as slow' }],
    suspects: ['after/b1/c1'],
  })
})

it('holds every comparison that found a change, with what each repetition measured', () => {
  const cells = new Set(outcome.alarms.map(({ cell }) => cell))
  expect([...cells]).toEqual(['after/b1/c1'])
  const p50 = outcome.alarms.find(({ metric }) => metric === 'p50')
  expect(p50?.verdict).toBe('regressed')
  for (const [index, ms] of SLOWER.entries()) expect(p50?.after[index]).toBeCloseTo(ms * 1.095, 6)
  const rate = outcome.alarms.find(({ metric }) => metric === 'requestsPerSec')
  expect(rate?.before[0]).toBeCloseTo(1000 / 1.095, 0)
  expect(rate?.after[3]).toBeCloseTo(1000 / (2.03 * 1.095), 0)
})

it('counts the comparisons that were made, and asks other gates about the planned repetitions', () => {
  expect(outcome.comparisons).toBe(run.comparisons.filter(({ verdict }) => verdict !== 'incomparable').length)
  expect(outcome.comparisons).toBeGreaterThanOrEqual(10)
  expect(outcome.failedOthers).toContain('previous value, 10 % more')
})

it('is inconclusive where the run has no verdict', () => {
  expect(outcomeOf({ run: makeRun(), summarised: [] }, SETTING)).toMatchObject({ status: 'inconclusive', alarms: [] })
})
