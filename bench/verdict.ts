// A run document → the exit code of the contract, with a sentence for whatever is not plain success.
import { voidingProblem } from './analysis/problems.ts'
import type { RunDocument } from './analysis/run-document.ts'
import { EXIT, type ExitCode } from './core/errors.ts'

export interface Verdict {
  readonly exitCode: ExitCode
  readonly reasons: readonly string[]
}

export function verdictOf(run: RunDocument): Verdict {
  if (run.gate?.status === 'fail') return { exitCode: EXIT.gateFailed, reasons: ['the gate failed'] }
  const spoiled = run.cells.filter((cell) => cell.counts.completed === 0 || voidingProblem(cell) !== null)
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
