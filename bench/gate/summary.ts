// Findings as a Markdown job summary: the verdict first, then what is not a pass, then the rest folded away.
import type { Finding, GateResult } from '../analysis/run-document.ts'
import { nameOf } from './cell-metric.ts'

const HEADLINE = {
  pass: '✅ Gate passed',
  fail: '❌ Gate failed',
  inconclusive: '⚠️ Gate inconclusive',
} as const satisfies Record<GateResult['status'], string>

const LABEL = { pass: 'pass', fail: '**fail**', inconclusive: 'inconclusive' } as const

/** For `$GITHUB_STEP_SUMMARY`, or a comment on a merge request. */
export function renderSummary({ status, findings }: GateResult, scenario: string): string {
  const count = (wanted: Finding['status']) => findings.filter((finding) => finding.status === wanted).length
  const order = ['fail', 'inconclusive'] as const
  const open = order.flatMap((wanted) => findings.filter((finding) => finding.status === wanted))
  const passed = findings.filter((finding) => finding.status === 'pass')
  return [
    `## ${HEADLINE[status]}: ${escapeCell(scenario)}`,
    '',
    findings.length === 0
      ? 'No rule applied to any cell.'
      : `${count('fail')} failed, ${count('inconclusive')} inconclusive, ${count('pass')} passed.`,
    '',
    ...(open.length > 0 ? [...table(open), ''] : []),
    ...(passed.length > 0
      ? [`<details><summary>${passed.length} passed</summary>`, '', ...table(passed), '', '</details>', '']
      : []),
  ].join('\n')
}

function table(findings: readonly Finding[]): string[] {
  return [
    '| | cell | rule | why |',
    '|---|---|---|---|',
    ...findings.map(
      (finding) =>
        `| ${LABEL[finding.status]} | ${escapeCell(nameOf(finding))} | ${escapeCell(finding.rule)} | ${escapeCell(finding.why)} |`,
    ),
  ]
}

/** Names come from a scenario and messages from servers: neither may break the table or become markup. */
function escapeCell(text: string): string {
  return text
    .replace(/[\r\n]+/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\|`*_[\]]/g, (character) => `\\${character}`)
}
