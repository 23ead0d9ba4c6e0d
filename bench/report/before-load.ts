// What was seen of each target before the load: how cold it started, and whether it answers from a cache.
import { significant } from '../core/units.ts'
import { ABSENT, msText } from './cell-text.ts'
import type { ReportInput } from './types.ts'

export const BEFORE_LOAD_TITLE = 'Before the load'

export const BEFORE_LOAD_COLUMNS = [
  'target',
  'server ready after (s)',
  'first answer (ms)',
  'later answers (ms)',
  'inputs never seen (ms)',
  'the same again (ms)',
] as const

/** One row per target, in the columns' order, as text; the target's name is not escaped. */
export function beforeLoadRows({ run }: ReportInput): string[][] {
  return run.coldStart.map(({ target, readyMs, firstMs, laterMs }) => {
    const audit = run.cacheAudit.find((found) => found.target === target)
    return [
      target,
      readyMs === null ? ABSENT : significant(readyMs / 1000),
      msText(firstMs),
      msText(laterMs),
      msText(audit?.freshMs ?? null),
      msText(audit?.repeatedMs ?? null),
    ]
  })
}
