import { describe, expect, it } from 'vitest'
import type { Finding, GateResult } from '../analysis/run-document.ts'
import { makeCell } from './gate-fixture.ts'
import { renderJunit } from './junit.ts'
import { renderSummary } from './summary.ts'

const { batchSize, load } = makeCell()
const finding = (changed: Partial<Finding>): Finding => ({
  status: 'pass',
  rule: 'p99 ≤ 25 ms',
  target: 'triton',
  batchSize,
  load,
  metric: 'p99',
  measured: 10,
  limit: 25,
  why: '10 ms',
  ...changed,
})

const RESULT: GateResult = {
  status: 'fail',
  findings: [
    finding({}),
    finding({ status: 'fail', why: 'said "<b>&' }),
    finding({ status: 'inconclusive', target: `a'|b`, why: 'bell \u0007 and\nline \ud800' }),
  ],
}

describe('JUnit XML', () => {
  const xml = renderJunit(RESULT, 'smoke')

  it('counts a failure as a failure and what is inconclusive as an error', () => {
    expect(xml).toContain('<testsuite name="dyno gate: smoke" tests="3" failures="1" errors="1">')
    expect(xml).toContain('name="triton, batch 4, concurrency 8: p99 ≤ 25 ms"')
  })

  it('escapes markup and leaves out what XML cannot hold', () => {
    expect(xml).toContain('<failure type="fail" message="said &quot;&lt;b&gt;&amp;">')
    expect(xml).toContain('bell  and line \ufffd')
    expect(xml).toContain('a&apos;|b')
    expect(xml).not.toContain('\u0007')
  })

  it('is an error, not an empty success, without findings', () => {
    expect(renderJunit({ status: 'inconclusive', findings: [] }, 's')).toContain('tests="1" failures="0" errors="1"')
  })
})

describe('the job summary', () => {
  const markdown = renderSummary(RESULT, 'smoke')

  it('opens with the verdict, lists what is not a pass first and folds the rest away', () => {
    expect(markdown).toMatch(/^## ❌ Gate failed: smoke\n\n1 failed, 1 inconclusive, 1 passed\./)
    expect(markdown.indexOf('**fail**')).toBeLessThan(markdown.indexOf('| inconclusive |'))
    expect(markdown).toContain('<details><summary>1 passed</summary>')
  })

  it('lets no name or message break the table', () => {
    expect(markdown).toContain(String.raw`a'\|b`)
    expect(markdown).toContain('said "&lt;b>&amp;')
    for (const line of markdown.split('\n').filter((text) => text.startsWith('| ') && !text.startsWith('| |'))) {
      expect(line.match(/(?<!\\)\|/g)).toHaveLength(5)
    }
  })

  it('says so when no rule applied', () => {
    expect(renderSummary({ status: 'inconclusive', findings: [] }, 's')).toContain('No rule applied')
  })
})
