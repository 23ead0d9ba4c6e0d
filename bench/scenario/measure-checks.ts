// Rules within `measure`: what `duration: auto` goes by, and room for the repetitions that it begins with.
import { formatMs } from '../core/units.ts'
import type { Finding } from './explain-issue.ts'
import type { Parts } from './parts.ts'
import { finding } from './target-checks.ts'

/** As few as the coverage of intervals that decide when to stop is simulated for: docs/statistics.md. */
const LEAST_REPETITIONS = 3

/** Settings without effect hide that the windows have another length than was meant. */
export function checkMeasure({ measure, autoKeys }: Parts): Finding[] {
  if (measure === null) return []
  const { duration, auto, repetitions } = measure
  if (duration !== 'auto') {
    if (autoKeys === null) return []
    const message = 'measure.auto has an effect with duration: auto only'
    const path = ['measure', 'auto', ...autoKeys.slice(0, 1)]
    return [finding(path, 'auto-unused', message, 'write duration: auto, or leave measure.auto out')]
  }
  if (repetitions < LEAST_REPETITIONS) {
    const message = `duration: auto goes by how repetitions differ, so it begins with at least ${LEAST_REPETITIONS} of them`
    return [finding(['measure', 'repetitions'], 'auto-repetitions', message, 'write repetitions: 5')]
  }
  const leastMs = repetitions * auto.window
  if (auto.limit >= leastMs) return []
  const message =
    `measure.auto.limit is ${formatMs(auto.limit)}, but ${repetitions} repetitions of ${formatMs(auto.window)} take ` +
    formatMs(leastMs)
  const hint = 'raise the limit, or lower measure.repetitions or measure.auto.window'
  const path = autoKeys?.includes('limit') ? ['measure', 'auto', 'limit'] : ['measure', 'repetitions']
  return [finding(path, 'auto-limit', message, hint)]
}
