import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorRateOf } from '../analysis/error-rate.ts'
import { PROBLEM_CODES, type ProblemCode } from '../analysis/problems.ts'
import type { RunDocument } from '../analysis/run-document.ts'
import type { GateRule } from '../scenario/types.ts'
import { type Baseline, makeBaseline } from './baseline.ts'
import { estimate, makeCell, makeComparison, makeRule, makeRun, problem } from './gate-fixture.ts'
import { judge } from './judge.ts'

const gate = (rule: Partial<GateRule>, run: Partial<RunDocument> = {}, baseline: Baseline | null = null) =>
  judge({ rules: [makeRule(rule)], alpha: 0.05, run: makeRun(run), baseline })

const cells = (...changed: Parameters<typeof makeCell>[0][]) => ({ cells: changed.map((cell) => makeCell(cell)) })
const failures = (failed: number, completed = 1000) => ({
  counts: { sent: completed + failed, completed, failed, dropped: 0, delayed: 0, censored: 0 },
  errorRate: errorRateOf([{ repetition: 1, failed, answered: completed + failed }]),
})

describe('a noisy host', () => {
  const noisy = { problems: [{ code: 'noisy-host', message: 'others took 9 %', remedy: '' }] } as const
  const baseline = makeBaseline([makeRun()])

  it('makes no failure, since it may be what failed', () => {
    const absolute = gate({ max: 9 }, cells({ ...noisy, problems: [...noisy.problems] }))
    expect(absolute.status).toBe('inconclusive')
    expect(absolute.findings[0]?.why).toContain('noisy-host: others took 9 %; otherwise: ')
    const slower = cells({ p99: estimate(12), problems: [...noisy.problems] })
    expect(gate({ maxRegression: 0.1 }, slower, baseline).status).toBe('inconclusive')
  })

  it('takes no pass away: it slows servers down and never speeds them up', () => {
    expect(gate({ max: 11 }, cells({ problems: [...noisy.problems] })).status).toBe('pass')
    expect(gate({ maxRegression: 0.1 }, cells({ problems: [...noisy.problems] }), baseline).status).toBe('pass')
  })

  it('lets a failure stand against a target that took turns with this one, since it hit both', () => {
    const comparisons = [makeComparison({ change: { value: 0.2, low: 0.15, high: 0.25 }, pAdjusted: 0.001 })]
    const both = [makeCell({ target: 'flask' }), makeCell({ problems: [...noisy.problems] })]
    expect(gate({ maxRegression: 0.1, target: 'triton' }, { cells: both, comparisons }).status).toBe('fail')
  })

  it('makes a stored baseline useless, which it made slower than the server is', () => {
    const slow = makeBaseline([makeRun({ cells: [makeCell({ problems: [...noisy.problems] })] })])
    expect(gate({ maxRegression: 0.1 }, {}, slow).status).toBe('inconclusive')
  })
})

type AbsoluteRow = [string, Partial<GateRule>, Parameters<typeof makeCell>[0], string]

describe('an absolute rule', () => {
  it.each<AbsoluteRow>([
    ['pass', { max: 11 }, {}, 'the whole interval is within'],
    ['fail', { max: 9 }, {}, 'the whole interval is beyond'],
    ['inconclusive', { max: 10 }, {}, 'the interval straddles the limit'],
    ['pass', { max: 10.1 }, {}, 'the interval ends at the limit'],
    ['pass', { metric: 'requestsPerSec', min: 90 }, {}, 'throughput is above'],
    ['fail', { metric: 'requestsPerSec', min: 110 }, {}, 'throughput is below'],
    ['inconclusive', { max: 11 }, { p99: null }, 'the percentile has too few samples'],
    ['inconclusive', { metric: 'p999', max: 11 }, {}, 'the metric is null'],
    ['inconclusive', { max: 11 }, { p99: { value: Number.NaN, low: Number.NaN, high: Number.NaN } }, 'NaN'],
    ['inconclusive', { max: Number.NaN }, {}, 'a limit that is no number'],
    ['inconclusive', { max: 11 }, { p99: estimate(10, 12, 13) }, 'an interval that does not hold its value'],
    ['inconclusive', { max: 11, target: 'nobody' }, {}, 'the run has no such target'],
    ['inconclusive', { metric: 'requestsPerSec', min: 0 }, failures(0, 0), 'nothing was completed'],
    ['pass', { metric: 'errorRate', max: 0 }, {}, 'no failure'],
    ['fail', { metric: 'errorRate', max: 0 }, failures(1), 'any failure fails a limit of 0'],
    ['pass', { metric: 'errorRate', max: 0.01 }, failures(1), 'far fewer than allowed'],
    ['inconclusive', { metric: 'errorRate', max: 0.01 }, failures(9), 'about as many as allowed'],
    ['fail', { metric: 'errorRate', max: 0.01 }, failures(50), 'far more than allowed'],
    ['inconclusive', { metric: 'errorRate', max: 0 }, failures(0, 0), 'no request was answered'],
  ])('is %s for %j on %j: %s', (status, rule, cell) => {
    expect(gate(rule, cells(cell)).status).toBe(status)
  })
})

describe('a relative rule against a baseline file', () => {
  const baseline = makeBaseline([makeRun()])
  const unlikeMachine = makeBaseline([makeRun({ environment: { ...makeRun().environment, cores: 64 } })])
  const rule = { maxRegression: 0.1 }

  it.each([
    ['pass', 10, 0.99, 1.01, 'nothing changed'],
    ['pass', 8, 0.99, 1.01, 'it got better'],
    ['pass', 10.8, 0.99, 1.01, 'worse, but within what is allowed'],
    ['fail', 12, 0.99, 1.01, 'worse by more than is allowed, beyond chance'],
    ['inconclusive', 12, 0.6, 1.6, 'worse by more than is allowed, but perhaps by chance'],
    ['inconclusive', 10, 0.6, 1.6, 'the interval is too wide to exclude twice the allowance'],
  ])('is %s for a p99 of %d ms (× %d to %d): %s', (status, value, low, high) => {
    const p99 = estimate(value, value * low, value * high)
    expect(gate(rule, cells({ p99 }), baseline).status).toBe(status)
  })

  it('turns the direction round for throughput', () => {
    const throughput = { metric: 'requestsPerSec', maxRegression: 0.05 } as const
    expect(gate(throughput, cells({ requestsPerSec: estimate(80) }), baseline).status).toBe('fail')
    expect(gate(throughput, cells({ requestsPerSec: estimate(120) }), baseline).status).toBe('pass')
  })

  it('knows failures that were not there before', () => {
    const errors = { metric: 'errorRate', maxRegression: 0.1 } as const
    expect(gate(errors, cells(failures(0)), baseline).status).toBe('pass')
    expect(gate(errors, cells(failures(100)), baseline).status).toBe('fail')
    expect(gate(errors, cells(failures(1)), baseline).status).toBe('inconclusive')
  })

  it.each<[string, Baseline]>([
    ['another scenario', { ...baseline, scenario: { name: 'other' } }],
    ['an unlike machine', unlikeMachine],
    ['no such cell', makeBaseline([makeRun(cells({ batchSize: 1 }))])],
    ['another engine', makeBaseline([makeRun(cells({ engine: 'autocannon' }))])],
    ['no such percentile', makeBaseline([makeRun(cells({ p99: null }))])],
    ['a spoiled cell', makeBaseline([makeRun(cells({ problems: [problem('generator-limited')] }))])],
    ['an interval that reaches 0', makeBaseline([makeRun(cells({ p99: estimate(10, 0, 20) }))])],
  ])('is inconclusive with a reason for %s', (_, file) => {
    const result = gate(rule, {}, file)
    expect(result.status).toBe('inconclusive')
    expect(result.findings[0]?.why).not.toBe('')
  })

  it('takes an unlike machine when forced', () => {
    const input = { rules: [makeRule(rule)], alpha: 0.05, run: makeRun(), baseline: unlikeMachine }
    expect(judge({ ...input, force: true }).status).toBe('pass')
  })

  it('takes more evidence the more cells it judges', () => {
    const many = Array.from({ length: 40 }, (_, index) => makeCell({ batchSize: index + 1 }))
    const suspect = { ...makeCell({ batchSize: 1, p99: estimate(11.8, 10.5, 13.2) }) }
    const file = makeBaseline([makeRun({ cells: many })])
    expect(gate(rule, { cells: [suspect] }, file).status).toBe('fail')
    expect(gate(rule, { cells: [suspect, ...many.slice(1)] }, file).status).toBe('inconclusive')
  })
})

describe('a relative rule against the baseline target of the run', () => {
  const rule = { maxRegression: 0.1 }
  const both = { cells: [makeCell({ target: 'flask' }), makeCell()] }

  it.each([
    ['pass', { value: 0, low: -0.01, high: 0.01 }, 1],
    ['fail', { value: 0.2, low: 0.15, high: 0.25 }, 0.001],
    ['inconclusive', { value: 0.2, low: -0.1, high: 0.6 }, 0.4],
    ['inconclusive', { value: 0.05, low: -0.2, high: 0.4 }, 0.9],
    ['inconclusive', { value: Number.NaN, low: 0, high: 0 }, 0.001],
    ['inconclusive', { value: 0.2, low: 0.15, high: 0.25 }, Number.NaN],
  ] as const)('is %s for a change of %j at p = %d', (status, change, pAdjusted) => {
    expect(gate(rule, { ...both, comparisons: [makeComparison({ change, pAdjusted })] }).status).toBe(status)
  })

  it('judges every target but the baseline itself', () => {
    const result = gate(rule, { ...both, comparisons: [makeComparison()] })
    expect(result.findings.map(({ target }) => target)).toEqual(['triton'])
  })

  it('is inconclusive for the baseline target when the rule names it', () => {
    expect(gate({ ...rule, target: 'flask' }, { ...both, comparisons: [makeComparison()] }).status).toBe('inconclusive')
  })

  it('is inconclusive for an incomparable pair', () => {
    const comparisons = [makeComparison({ verdict: 'incomparable', change: null, pAdjusted: null, why: 'too few' })]
    expect(gate(rule, { ...both, comparisons })).toMatchObject({
      status: 'inconclusive',
      findings: [{ why: 'too few' }],
    })
  })

  it('reads inferences from the comparison of requests', () => {
    const comparisons = [
      makeComparison({
        metric: 'requestsPerSec',
        better: 'higher',
        change: { value: -0.3, low: -0.35, high: -0.25 },
        pAdjusted: 0,
      }),
    ]
    expect(gate({ metric: 'inferencesPerSec', maxRegression: 0.05 }, { ...both, comparisons }).status).toBe('fail')
  })

  it('is inconclusive where nothing is named as the baseline', () => {
    const result = gate(rule, both)
    expect(result.status).toBe('inconclusive')
    expect(result.findings[0]?.why).toContain('--baseline FILE')
  })
})

describe('the gate fails closed', () => {
  it('without cells, without rules', () => {
    expect(gate({ max: 11 }, { cells: [] }).status).toBe('inconclusive')
    expect(judge({ rules: [], alpha: 0.05, run: makeRun(), baseline: null }).status).toBe('inconclusive')
  })

  // What too few samples carry is null, a wide interval is judged as one, what was late or disturbed only looks slower than
  // it is, and outputs that vary say nothing about time.
  const honest: readonly ProblemCode[] = [
    'too-few-samples',
    'not-precise',
    'noisy-host',
    'sent-late',
    'not-deterministic',
  ]
  const spoiling = PROBLEM_CODES.filter((code) => !honest.includes(code))

  it.each(spoiling)('on a cell with %s', (code) => {
    const spoiled = cells({ problems: [problem(code)] })
    expect(gate({ max: 11 }, spoiled).status).toBe('inconclusive')
    expect(gate({ maxRegression: 0.1 }, spoiled, makeBaseline([makeRun()])).status).toBe('inconclusive')
  })

  it('but a throughput of 0 fails its minimum, where requests were sent and all failed', () => {
    const none = { value: 0, low: 0, high: 0 }
    const failing = cells({
      requestsPerSec: none,
      counts: { sent: 60, completed: 0, failed: 60, dropped: 0, delayed: 0, censored: 0 },
      problems: [problem('error-rate')],
    })
    expect(gate({ metric: 'requestsPerSec', max: null, min: 10 }, failing).status).toBe('fail')
    const unsent = {
      ...failing.cells[0],
      counts: { sent: 0, completed: 0, failed: 0, dropped: 0, delayed: 0, censored: 0 },
    }
    expect(gate({ metric: 'requestsPerSec', max: null, min: 10 }, cells(unsent)).status).toBe('inconclusive')
  })

  it('but a failure that the server caused itself stands', () => {
    for (const code of ['saturated', 'dropped-requests', 'error-rate'] as const) {
      expect(gate({ max: 9 }, cells({ problems: [problem(code)] })).status).toBe('fail')
    }
    const dead = cells({ problems: [problem('server-died')], ...failures(10) })
    expect(gate({ metric: 'errorRate', max: 0 }, dead).status).toBe('fail')
    expect(gate({ max: 9 }, cells({ problems: [problem('generator-limited')] })).status).toBe('inconclusive')
  })

  it('on a run that was interrupted', () => {
    expect(gate({ max: 11 }, { interrupted: true }).status).toBe('inconclusive')
    expect(gate({ max: 9 }, { interrupted: true }).status).toBe('fail')
  })

  it('as a whole when one finding does not pass', () => {
    const mixed = cells({}, { target: 'slow', p99: estimate(50) })
    expect(gate({ max: 11 }, mixed)).toMatchObject({
      status: 'fail',
      findings: [{ status: 'pass' }, { status: 'fail' }],
    })
  })

  it('whatever numbers it is given: a pass means that the interval is within', () => {
    const anything = fc.record({ value: fc.double(), low: fc.double(), high: fc.double() })
    fc.assert(
      fc.property(anything, fc.double(), (p99, max) => {
        if (gate({ max }, cells({ p99 })).status !== 'pass') return
        expect(p99.low <= p99.value && p99.value <= p99.high && p99.high <= max).toBe(true)
      }),
    )
  })
})
