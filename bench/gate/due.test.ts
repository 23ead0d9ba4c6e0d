// The judge goes through what was due: whatever the run or the baseline lacks is no pass.
import { describe, expect, it } from 'vitest'
import type { RunDocument } from '../analysis/run-document.ts'
import type { GateRule } from '../scenario/types.ts'
import { makeBaseline } from './baseline.ts'
import { makeCell, makeRun } from './gate-fixture.ts'
import { judge } from './judge.ts'

const absolute: GateRule = { metric: 'errorRate', target: null, maxRegression: null, max: 0, min: null }
const relative: GateRule = { metric: 'p50', target: null, maxRegression: 1, max: null, min: null }

const both = [makeCell({ target: 'a' }), makeCell({ target: 'b' })]
const gate = (rules: readonly GateRule[], run: Partial<RunDocument>, baseline: Partial<RunDocument>) =>
  judge({ rules, alpha: 0.05, run: makeRun(run), baseline: makeBaseline([makeRun(baseline)]) })

describe('the judge', () => {
  it('passes a run that measured all that its baseline has', () => {
    expect(gate([absolute, relative], { cells: both }, { cells: both }).status).toBe('pass')
  })

  it('is inconclusive about a cell of the baseline that the run did not measure, for every rule about it', () => {
    const result = gate([absolute, relative], { cells: both.slice(0, 1) }, { cells: both })
    expect(result.status).toBe('inconclusive')
    const lacking = result.findings.filter(({ target }) => target === 'b')
    expect(lacking.map(({ status, metric }) => [status, metric])).toEqual([
      ['inconclusive', 'errorRate'],
      ['inconclusive', 'p50'],
    ])
    expect(lacking[0]?.why).toContain('the baseline has this cell')
  })

  it('asks nothing of cells that no rule is about', () => {
    const aboutA = { ...relative, target: 'a' }
    expect(gate([aboutA], { cells: both.slice(0, 1) }, { cells: both }).status).toBe('pass')
  })

  it('tells batch sizes and loads of the baseline apart from those of the run', () => {
    const other = [makeCell({ target: 'a', load: { model: 'closed', concurrency: 16, connections: 16 } })]
    expect(gate([absolute], { cells: both }, { cells: [...both, ...other] }).status).toBe('inconclusive')
  })

  it('is inconclusive by a baseline of another scenario, even where all rules are absolute', () => {
    const scenario = { ...makeRun().scenario, name: 'another' }
    const result = gate([absolute], { cells: both }, { cells: both, scenario })
    expect(result.status).toBe('inconclusive')
    expect(result.findings.map(({ why }) => why).join()).toContain("of another scenario: 'another'")
  })
})
