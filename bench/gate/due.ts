// What was due and is not there: cells of the baseline that the run did not measure, and a baseline of another scenario.
import { type CellSummary, cellKeyOf, type RunDocument } from '../analysis/run-document.ts'
import type { GateRule } from '../scenario/types.ts'
import type { Baseline } from './baseline.ts'

type Due = Pick<CellSummary, 'target' | 'batchSize' | 'load'>

export interface Missing {
  readonly rule: GateRule
  readonly cell: Due
  readonly why: string
}

/** For every rule the cells that it would have to be judged for and cannot. */
export function missingFrom(rules: readonly GateRule[], run: RunDocument, baseline: Baseline): Missing[] {
  if (baseline.scenario.name !== run.scenario.name) return ofAnotherScenario(rules, run, baseline)
  const measured = new Set(run.cells.map(cellKeyOf))
  const due = new Map<string, Due>(baseline.runs.flatMap(({ cells }) => cells).map((cell) => [cellKeyOf(cell), cell]))
  const lacking = [...due].filter(([key]) => !measured.has(key)).map(([, cell]) => cell)
  const why = 'the baseline has this cell, the run did not measure it: run the whole scenario, or save a new baseline'
  return rules.flatMap((rule) =>
    lacking.filter(({ target }) => rule.target === null || rule.target === target).map((cell) => ({ rule, cell, why })),
  )
}

/** Relative rules say so themselves, cell by cell; a gate of absolute rules alone would pass without a word. */
function ofAnotherScenario(rules: readonly GateRule[], run: RunDocument, baseline: Baseline): Missing[] {
  const why = `the baseline is of another scenario: '${baseline.scenario.name}', not '${run.scenario.name}'`
  return rules
    .filter(({ maxRegression }) => maxRegression === null)
    .flatMap((rule) => {
      const cell = run.cells.find(({ target }) => rule.target === null || rule.target === target)
      return cell === undefined ? [] : [{ rule, cell, why }]
    })
}
