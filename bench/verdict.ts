// A run document → the exit code of the contract, with a sentence for whatever is not plain success.
import type { ProblemCode, RunDocument } from './analysis/run-document.ts'
import { EXIT, type ExitCode } from './core/errors.ts'

/** Cells with one of these have no number that could be believed. */
const UNTRUSTED = new Set<ProblemCode>([
  'outputs-disagree',
  'server-died',
  'server-paused',
  'not-run',
  'count-mismatch',
])

export interface Verdict {
  readonly exitCode: ExitCode
  readonly reasons: readonly string[]
}

export function verdictOf(run: RunDocument): Verdict {
  if (run.gate?.status === 'fail') return { exitCode: EXIT.gateFailed, reasons: ['the gate failed'] }
  const spoiled = run.cells.filter(
    (cell) => cell.counts.completed === 0 || cell.problems.some((problem) => UNTRUSTED.has(problem.code)),
  )
  if (spoiled.length > 0) {
    const targets = [...new Set(spoiled.map((cell) => cell.target))].join(', ')
    return {
      exitCode: EXIT.untrusted,
      reasons: [
        `${spoiled.length} of ${run.cells.length} cells cannot be trusted (${targets}): see the problems above`,
      ],
    }
  }
  if (run.gate?.status === 'inconclusive') return { exitCode: EXIT.untrusted, reasons: ['the gate is inconclusive'] }
  return { exitCode: EXIT.ok, reasons: [] }
}
