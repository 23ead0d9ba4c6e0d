// A Plan as text for a person: what would run, in which order, and when each trial would begin.
import { formatMs, significant } from '../core/units.ts'
import type { AutoSpec } from '../scenario/types.ts'
import { cellName } from './cell-name.ts'
import { checksMs } from './check-budget.ts'
import type { Plan, Trial } from './types.ts'

export { cellName }

/** A summary line and a table of all trials, ended by a line feed. */
export function describePlan(plan: Plan): string {
  const { scenario, trials, expectedMs, longestMs } = plan
  const { warmupMs, durationMs, repetitions, auto } = scenario.measure
  const cells = count(trials.length / repetitions, 'cell')
  const length = auto === null ? `about ${phase(expectedMs)}` : `from ${phase(expectedMs)} to ${phase(longestMs)}`
  return [
    `${scenario.name}: ${count(trials.length, 'trial')}${auto === null ? '' : ' or more'}, ${length} (start of the servers not counted; checks before it at most ${phase(checksMs(plan))})`,
    `${cells} × ${count(repetitions, 'repetition')}, each ${phase(warmupMs)} warm-up + ${phase(durationMs)} window, seed ${plan.seed}`,
    ...(auto === null ? [] : [untilPrecise(auto)]),
    '',
    ...table([['', 'begins', 'trial', 'engine'], ...rows(plan)]),
    '',
  ].join('\n')
}

function untilPrecise({ p50, p99, limitMs }: AutoSpec): string {
  const percent = (fraction: number) => `±${Number(significant(fraction * 100))} %`
  const widths = `p50 is known to ${percent(p50)} and p99 to ${percent(p99)}`
  return `then more until ${widths}, at most ${phase(limitMs)} of windows per cell`
}

function rows({ trials, targets }: Plan): string[][] {
  const engines = new Map(targets.map(({ name, engine }) => [name, engine]))
  let beginsMs = 0
  return trials.map((trial, index) => {
    const row = [`${index + 1}`, phase(beginsMs), trial.id, engines.get(trial.target) ?? '']
    beginsMs += lengthMs(trial)
    return row
  })
}

function lengthMs({ warmupMs, durationMs }: Trial): number {
  return warmupMs + durationMs
}

function phase(ms: number): string {
  return ms === 0 ? '0 s' : formatMs(ms)
}

/** Columns padded to their widest entry; the first two, numbers, to the right. */
function table(lines: readonly (readonly string[])[]): string[] {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  return lines.map((line) =>
    line
      .map((text, column) => (column < 2 ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`
}
