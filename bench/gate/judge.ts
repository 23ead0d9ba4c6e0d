// Rules × cells → findings and one verdict. Fails closed: whatever is missing, spoiled or no number is never a pass.
import type { CellSummary, Finding, GateResult, RunDocument } from '../analysis/run-document.ts'
import { conditionKeyOf } from '../analysis/run-document.ts'
import { holm } from '../core/holm.ts'
import type { GateRule } from '../scenario/types.ts'
import { judgeAbsolute, missing } from './absolute.ts'
import { type Against, againstFile, againstTarget } from './against.ts'
import type { Baseline } from './baseline.ts'
import { percentText, textOf } from './cell-metric.ts'
import { type Missing, missingFrom } from './due.ts'
import { type Outcome, spoil } from './outcome.ts'
import { judgeRelative } from './relative.ts'

export interface GateInput {
  readonly rules: readonly GateRule[]
  /** Family-wise. */
  readonly alpha: number
  readonly run: RunDocument
  /** null: relative rules are judged against the baseline target of the run. */
  readonly baseline: Baseline | null
  /** Takes a baseline of an unlike machine, too. */
  readonly force?: boolean
}

interface RelativeTask {
  readonly rule: GateRule & { readonly maxRegression: number }
  readonly cell: CellSummary
  readonly against: Exclude<Against, { kind: 'baseline' }>
}

export function judge({ rules, alpha, run, baseline, force = false }: GateInput): GateResult {
  const find = baseline === null ? againstTarget(run) : againstFile(run, baseline, force)
  const relative: RelativeTask[] = []
  const findings: Finding[] = [
    ...rules.flatMap((rule) => unmeasured(rule, run)),
    ...(baseline === null ? [] : missingFrom(rules, run, baseline).map(notMeasured)),
  ]
  for (const rule of rules) {
    const cells = run.cells.filter(({ target }) => rule.target === null || rule.target === target)
    for (const cell of cells) {
      findings.push(...absolute(rule, cell))
      if (rule.maxRegression === null) continue
      const against = find(cell, rule.metric)
      if (against.kind !== 'baseline') {
        relative.push({ rule: { ...rule, maxRegression: rule.maxRegression }, cell, against })
      } else if (rule.target !== null) {
        const why = `${cell.target} is the baseline itself: give --baseline FILE to hold it against an earlier run`
        findings.push(finding(rule, cell, { status: 'inconclusive', measured: null, limit: rule.maxRegression, why }))
      }
    }
  }
  findings.push(...judgeAll(relative, alpha))
  const judged = run.interrupted ? findings.map(interrupted) : findings
  return { status: overall(judged), findings: judged }
}

/** What was measured may fail, but a run that did not reach its end does not pass. */
function interrupted(found: Finding): Finding {
  if (found.status !== 'pass') return found
  return { ...found, status: 'inconclusive', why: `the run was interrupted; otherwise: ${found.why}` }
}

/** No finding at all is no pass: the rules named nothing that was measured. */
export function overall(findings: readonly Finding[]): GateResult['status'] {
  if (findings.some(({ status }) => status === 'fail')) return 'fail'
  return findings.length > 0 && findings.every(({ status }) => status === 'pass') ? 'pass' : 'inconclusive'
}

function absolute(rule: GateRule, cell: CellSummary): Finding[] {
  const limits = [
    ...(rule.max === null ? [] : [{ bound: 'max', limit: rule.max } as const]),
    ...(rule.min === null ? [] : [{ bound: 'min', limit: rule.min } as const]),
  ]
  return limits.map((limit) => {
    const outcome = judgeAbsolute(cell, rule.metric, limit)
    return finding(rule, cell, spoil(outcome, cell, { metric: rule.metric, isInterleaved: false }))
  })
}

/** Changes from estimates are adjusted over all rules and cells together; those of the run were already. */
function judgeAll(tasks: readonly RelativeTask[], alpha: number): Finding[] {
  const adjusted = holm(tasks.flatMap(({ against }) => (against.kind === 'raw' ? [against.change.p] : []))).values()
  return tasks.map(({ rule, cell, against }) => {
    const options = { metric: rule.metric, maxRegression: rule.maxRegression, alpha }
    const isErrorRate = rule.metric === 'errorRate'
    if (against.kind === 'none') {
      const why = cell.counts.completed === 0 && !isErrorRate ? missing(cell, rule.metric) : against.why
      return finding(rule, cell, { status: 'inconclusive', measured: null, limit: rule.maxRegression, why })
    }
    const change =
      against.kind === 'adjusted'
        ? against.change
        : { change: against.change.change, pAdjusted: adjusted.next().value ?? 1 }
    const isInterleaved = against.kind === 'adjusted'
    return finding(rule, cell, spoil(judgeRelative(change, options), cell, { metric: rule.metric, isInterleaved }))
  })
}

/** A rule for a target that the run does not have: one finding for each condition of the run. */
function unmeasured(rule: GateRule, run: RunDocument): Finding[] {
  if (rule.target === null || run.cells.some(({ target }) => target === rule.target)) return []
  const target = rule.target
  const conditions = new Map(run.cells.map((cell) => [conditionKeyOf(cell), cell]))
  return [...conditions.values()].map((cell) =>
    finding(
      rule,
      { ...cell, target },
      {
        status: 'inconclusive',
        measured: null,
        limit: rule.maxRegression ?? rule.max ?? rule.min,
        why: `the run has no target '${target}'`,
      },
    ),
  )
}

function notMeasured({ rule, cell, why }: Missing): Finding {
  const limit = rule.maxRegression ?? rule.max ?? rule.min
  return finding(rule, cell, { status: 'inconclusive', measured: null, limit, why })
}

function finding(rule: GateRule, cell: Pick<CellSummary, 'target' | 'batchSize' | 'load'>, outcome: Outcome): Finding {
  return {
    ...outcome,
    rule: ruleText(rule),
    target: cell.target,
    batchSize: cell.batchSize,
    load: cell.load,
    metric: rule.metric,
  }
}

/** `p99 ≤ +10 %`, `errorRate ≤ 0 %`, `requestsPerSec ≥ 500/s` */
export function ruleText({ metric, maxRegression, max, min }: GateRule): string {
  return [
    ...(maxRegression === null ? [] : [`${metric} at most ${percentText(maxRegression)} worse`]),
    ...(max === null ? [] : [`${metric} ≤ ${textOf(metric, max)}`]),
    ...(min === null ? [] : [`${metric} ≥ ${textOf(metric, min)}`]),
  ].join(', ')
}
