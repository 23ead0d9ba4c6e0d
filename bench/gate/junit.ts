// Findings as JUnit XML, so that a CI system shows each cell and rule as a test.
import type { Finding, GateResult } from '../analysis/run-document.ts'
import { nameOf } from './cell-metric.ts'

/** An inconclusive finding is an <error>: never a pass, and not the candidate's fault. */
export function renderJunit({ findings }: GateResult, scenario: string): string {
  const count = (status: Finding['status']) => findings.filter((finding) => finding.status === status).length
  // A suite without tests would read as a pass.
  const empty = findings.length === 0
  const totals = `tests="${empty ? 1 : findings.length}" failures="${count('fail')}" errors="${empty ? 1 : count('inconclusive')}"`
  const name = escapeXml(`dyno gate: ${scenario}`)
  const cases = findings.map((finding) => testCase(finding, scenario))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite name="${name}" ${totals}>`,
    ...(empty ? [NO_TESTS] : cases),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

const NO_TESTS =
  '    <testcase classname="dyno" name="rules"><error type="inconclusive" message="no rule applied to any cell"/></testcase>'

function testCase(finding: Finding, scenario: string): string {
  const name = escapeXml(`${nameOf(finding)}: ${finding.rule}`)
  const open = `    <testcase classname="${escapeXml(`${scenario}.${finding.target}`)}" name="${name}"`
  const why = escapeXml(finding.why)
  if (finding.status === 'pass') return `${open}><system-out>${why}</system-out></testcase>`
  const element = finding.status === 'fail' ? 'failure' : 'error'
  return `${open}><${element} type="${finding.status}" message="${why}">${why}</${element}></testcase>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** XML 1.0 has no way to write most control characters, surrogates alone or U+FFFE/F: they are left out. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[\t\n\r]+/g, ' ')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
