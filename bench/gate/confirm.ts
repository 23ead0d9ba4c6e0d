// A failure is believed when as many fresh repetitions say the same: what is rare once by chance is not so twice.
import { conditionKeyOf, type Finding, type GateResult } from '../analysis/run-document.ts'
import type { CellKey } from '../plan/types.ts'
import { overall } from './judge.ts'

/** Counted failures need no second look: they happened. */
const isSuspect = ({ status, metric }: Finding) => status === 'fail' && metric !== 'errorRate'

/** The cells to measure once more, each once. */
export function suspectsOf({ findings }: GateResult): CellKey[] {
  const cells = new Map(findings.filter(isSuspect).map((finding) => [cellOf(finding), finding]))
  return [...cells.values()].map(({ target, batchSize, load }) => ({ target, batchSize, load }))
}

/**
 * @param first by the repetitions that were planned
 * @param second by those that were made afterwards, of the suspects and their baselines alone
 */
export function confirm(first: GateResult, second: GateResult): GateResult {
  const again = new Map(second.findings.map((finding) => [ruleOf(finding), finding]))
  const findings = first.findings.map((finding) => {
    const fresh = isSuspect(finding) ? again.get(ruleOf(finding)) : undefined
    return fresh === undefined ? finding : settle(finding, fresh)
  })
  return { status: overall(findings), findings }
}

function settle(suspected: Finding, fresh: Finding): Finding {
  if (fresh.status === 'fail') {
    return { ...suspected, why: `${suspected.why}; measured once more: ${fresh.why}` }
  }
  return { ...fresh, why: `not confirmed: ${fresh.why}; at first: ${suspected.why}` }
}

const cellOf = (finding: Finding) => `${finding.target} ${conditionKeyOf(finding)}`
const ruleOf = (finding: Finding) => `${finding.rule} ${finding.metric} ${cellOf(finding)}`
