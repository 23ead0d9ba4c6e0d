// A baseline of several runs: it knows how much runs differ from each other, which no single run can tell.
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../core/random.ts'
import { criticalT } from '../core/student-t.ts'
import { makeBaseline } from './baseline.ts'
import { changeOfEstimates } from './estimate-change.ts'
import { estimate, makeCell, makeRule, makeRun, problem } from './gate-fixture.ts'
import { judge } from './judge.ts'

const p99 = (value: number) => ({ cells: [makeCell({ p99: estimate(value) })] })

function gate(before: ReturnType<typeof makeRun>[], after: ReturnType<typeof makeRun>) {
  const [first, ...rest] = before
  if (first === undefined) throw new Error('no run')
  const baseline = makeBaseline([first, ...rest])
  return judge({ rules: [makeRule({ metric: 'p99', maxRegression: 0.05 })], alpha: 0.05, run: after, baseline })
}

describe('a baseline of several runs', () => {
  it('does not fail a run that differs from them as they differ from each other', () => {
    const spread = [9.2, 10, 10.8, 9.5, 10.5].map((value, index) => makeRun({ id: `run-${index}`, ...p99(value) }))
    expect(gate([makeRun(p99(10))], makeRun(p99(10.8))).status).toBe('fail')
    expect(gate(spread, makeRun(p99(10.8))).status).not.toBe('fail')
    expect(gate(spread, makeRun(p99(14))).status).toBe('fail')
  })

  it('fails what a single run would, where runs hardly differ', () => {
    const alike = [10, 10.02, 9.98].map((value, index) => makeRun({ id: `run-${index}`, ...p99(value) }))
    expect(gate(alike, makeRun(p99(10.8))).status).toBe('fail')
    expect(gate(alike, makeRun(p99(10.1))).status).toBe('pass')
  })

  it('leaves out a spoiled run, and says so where every run is', () => {
    const spoiled = { cells: [makeCell({ p99: estimate(5), problems: [problem('noisy-host')] })] }
    const good = makeRun({ id: 'good', ...p99(10) })
    expect(gate([makeRun(spoiled), good], makeRun(p99(10))).status).toBe('pass')
    const none = gate([makeRun(spoiled)], makeRun(p99(10)))
    expect(none.status).toBe('inconclusive')
    expect(none.findings[0]?.why).toContain('noisy-host')
  })

  it.each([
    ['a run named twice', makeRun(), 'named twice'],
    ['another scenario', makeRun({ id: 'b', scenario: { ...makeRun().scenario, name: 'other' } }), "of 'other'"],
    [
      'another machine',
      makeRun({ id: 'b', environment: { ...makeRun().environment, cores: 64 } }),
      'cores: 2 against 64',
    ],
  ])('is not made with %s', (_, other, why) => {
    expect(() => makeBaseline([makeRun(), other])).toThrow(why)
  })

  const RUNS = 500

  const falseAlarms = (baselines: number) => {
    const random = seededRandom(20260101, `baselines ${baselines}`)
    const REPETITIONS = 5
    const [BETWEEN, WITHIN] = [0.03, 0.01]
    /** A run's own shift, its repetitions' scatter, and the interval made of them. */
    const side = () => {
      const shift = BETWEEN * random.normal()
      const logs = Array.from({ length: REPETITIONS }, () => shift + WITHIN * random.normal())
      const mean = logs.reduce((sum, log) => sum + log, 0) / REPETITIONS
      const squares = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0)
      const half = criticalT(0.05, REPETITIONS - 1) * Math.sqrt(squares / (REPETITIONS - 1) / REPETITIONS)
      const value = { value: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) }
      return { estimate: value, repetitions: REPETITIONS }
    }
    let alarms = 0
    for (let run = 0; run < RUNS; run++) {
      const change = changeOfEstimates(Array.from({ length: baselines }, side), side())
      if (change !== null && change.p < 0.05) alarms++
    }
    return alarms / RUNS
  }

  it('has at most 8 % false alarms where runs differ by 3 %; a single run has 10 times as many', () => {
    expect(falseAlarms(5)).toBeLessThanOrEqual(0.08)
    expect(falseAlarms(1)).toBeGreaterThan(0.5)
  })
})
