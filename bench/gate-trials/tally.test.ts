// From made-up outcomes to rates and to the page.
import { describe, expect, it } from 'vitest'
import { OTHER_GATES } from '../analysis/other-gates.ts'
import { readHostFacts } from '../measurement/host.ts'
import type { Alarm, TrialOutcome } from './outcome.ts'
import { type GateTrialsDocument, renderOutcome, renderTrials } from './render.ts'
import { tallyOf } from './tally.ts'

const T_TEST = 't-test over repetitions, p < 0.05'

const ALARM: Alarm = {
  cell: 'after/b4/c8',
  metric: 'p50',
  verdict: 'improved',
  change: { value: -0.031, low: -0.05, high: -0.01 },
  pAdjusted: 0.012,
  before: [1.2, 1.21],
  after: [1.16, 1.17],
}

const outcome = (changed: Partial<TrialOutcome> = {}): TrialOutcome => ({
  seed: 1,
  seconds: 50,
  status: 'pass',
  notPassed: [],
  suspects: [],
  comparisons: 56,
  alarms: [],
  failedOthers: [],
  ...changed,
})

const OUTCOMES = [
  outcome({ seed: 1 }),
  outcome({ seed: 2, status: 'inconclusive', failedOthers: [T_TEST] }),
  outcome({ seed: 3, alarms: [ALARM, { ...ALARM, metric: 'p90' }], failedOthers: [T_TEST], suspects: ['after/b4/c8'] }),
  outcome({ seed: 4, status: 'fail', alarms: [{ ...ALARM, verdict: 'regressed' }] }),
]

describe('the tally', () => {
  it('counts a run once, however many of its comparisons found a change', () => {
    const { rates, ...counts } = tallyOf(OUTCOMES)
    expect(counts).toEqual({ pass: 2, inconclusive: 1, fail: 1, comparisons: 224, alarms: 3 })
    expect(rates.map(({ name, hits, runs }) => [name, hits, runs])).toEqual([
      ['dyno, the gate fails', 1, 4],
      ['dyno, the gate would fail without measuring suspects once more', 2, 4],
      ['dyno, any comparison finds a change', 2, 4],
      ...OTHER_GATES.map(({ name }) => [name, name === T_TEST ? 2 : 0, 4]),
    ])
  })

  it('says what so few runs leave open', () => {
    const [fails, , finds] = tallyOf(OUTCOMES).rates
    // Clopper–Pearson of 1 and of 2 in 4.
    expect(fails?.interval).toEqual({ low: expect.closeTo(0.00631, 5), high: expect.closeTo(0.80588, 5) })
    expect(finds?.interval).toEqual({ low: expect.closeTo(0.06759, 5), high: expect.closeTo(0.93241, 5) })
  })
})

const DOCUMENT: GateTrialsDocument = {
  startedAt: '2026-01-01T00:00:00Z',
  finishedAt: '2026-01-01T00:30:00Z',
  scenario: 'scenarios/flask-aa.yaml',
  set: ['matrix.batchSize=[1]'],
  firstSeed: 1,
  wantedRuns: 30,
  neighbour: true,
  host: readHostFacts(),
  stealFraction: 0.01,
  outcomes: OUTCOMES,
}

describe('the page', () => {
  it('holds every rate with its interval, each alarm with its repetitions, and the conditions', () => {
    const text = renderTrials(DOCUMENT)
    expect(text).toContain(
      'Gate: pass in 2, inconclusive in 1, fail in 1 of 4 runs. 3 of 224 comparisons found a change.',
    )
    expect(text).toContain('| dyno, the gate fails | 1 of 4 | 25.0 % | 0.6 % to 80.6 % |')
    expect(text).toContain(`| ${T_TEST} | 2 of 4 | 50.0 % | 6.8 % to 93.2 % |`)
    expect(text).toContain(
      '| 3 | after/b4/c8 | p50 | improved | −3.1 %, adjusted p 0.012; before 1.20 1.21, after 1.16 1.17 |',
    )
    expect(text).toContain('scenarios/flask-aa.yaml --set matrix.batchSize=[1]: 4 of 30 runs from seed 1 on, 50 s each')
    expect(text).toContain('- beside a program that loaded one core')
  })

  it('tells of a run what failed and what raised an alarm, and counts what is inconclusive', () => {
    const finding = { cell: 'after/b4/c8', rule: 'p99 at most 10 % worse', why: '12 % worse' }
    const notPassed = [
      { ...finding, status: 'fail' },
      { ...finding, status: 'inconclusive' },
    ] as const
    const suspects = ['after/b1/c1', 'after/b4/c8']
    const text = renderOutcome(outcome({ status: 'fail', notPassed, suspects, alarms: [ALARM] }))
    expect(text.split('\n')).toEqual([
      'seed 1: fail (inconclusive: 1 finding), 1 of 56 comparisons found a change, other gates that fail: none, 50 s',
      '  measured once more: after/b1/c1, after/b4/c8',
      '  fail: after/b4/c8, p99 at most 10 % worse: 12 % worse',
      '  improved: after/b4/c8, p50: −3.1 %, adjusted p 0.012; before 1.20 1.21, after 1.16 1.17',
    ])
  })
})
