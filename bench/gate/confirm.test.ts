import { describe, expect, it } from 'vitest'
import type { Finding, GateResult } from '../analysis/run-document.ts'
import { confirm, suspectsOf } from './confirm.ts'
import { makeCell } from './gate-fixture.ts'

const { batchSize, load } = makeCell()

function found(status: Finding['status'], changed: Partial<Finding> = {}): Finding {
  return {
    status,
    rule: 'p99 at most 10 % worse',
    target: 'triton',
    batchSize,
    load,
    metric: 'p99',
    measured: 0.2,
    limit: 0.1,
    why: `it was ${status}`,
    ...changed,
  }
}

const result = (status: GateResult['status'], ...findings: Finding[]): GateResult => ({ status, findings })

describe('what is measured once more', () => {
  it('is each cell that would fail, once', () => {
    const twice = [found('fail'), found('fail', { metric: 'p50', rule: 'p50 at most 5 % worse' })]
    const others = [found('pass', { target: 'flask' }), found('inconclusive', { batchSize: 8 })]
    expect(suspectsOf(result('fail', ...twice, ...others))).toEqual([{ target: 'triton', batchSize, load }])
  })

  it('is no cell whose requests failed: that happened, and is not estimated', () => {
    expect(suspectsOf(result('fail', found('fail', { metric: 'errorRate' })))).toEqual([])
  })
})

describe('a suspected failure', () => {
  const first = result('fail', found('fail'), found('pass', { target: 'flask' }))

  it('stands when the fresh repetitions say so too, with the reasons of both', () => {
    const { status, findings } = confirm(first, result('fail', found('fail', { why: 'again' })))
    expect(status).toBe('fail')
    expect(findings[0]).toMatchObject({ status: 'fail', why: 'it was fail; measured once more: again' })
  })

  it('is taken back when they do not, whatever else passed', () => {
    const { status, findings } = confirm(first, result('pass', found('pass', { measured: 0.01 })))
    expect(status).toBe('pass')
    expect(findings[0]).toMatchObject({ status: 'pass', measured: 0.01 })
    expect(findings[0]?.why).toBe('not confirmed: it was pass; at first: it was fail')
  })

  it('leaves the gate inconclusive when they cannot tell', () => {
    expect(confirm(first, result('inconclusive', found('inconclusive'))).status).toBe('inconclusive')
  })

  it('stands where its cell was not measured again, or another rule of it was', () => {
    expect(confirm(first, result('inconclusive')).status).toBe('fail')
    expect(confirm(first, result('pass', found('pass', { rule: 'p99 ≤ 25 ms' }))).status).toBe('fail')
  })

  it('that was counted stands', () => {
    const errors = { metric: 'errorRate' } as const
    expect(confirm(result('fail', found('fail', errors)), result('pass', found('pass', errors))).status).toBe('fail')
  })
})
