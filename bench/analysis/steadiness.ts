// Did latency drift inside the windows? The first third of every window against the last, over all repetitions.
import { changeBetween, pValueOf, relativeChange } from './change.ts'
import type { Problem } from './problems.ts'
import { samplesFor } from './sample-size.ts'
import { duringThird, type Series } from './samples.ts'
import { sortSeries } from './sorted-series.ts'
import { quantileSpread } from './spread.ts'

/** A median that moves by less is left to the intervals. */
const MAX_DRIFT = 0.2

/** Every cell is looked at: with 32 of them that do not drift, one run in 30 names one. */
const FALSE_ALARMS = 0.001

/** Judged within each repetition, so that repetitions that differ from each other are no drift. */
export function drift(response: Series): Problem[] {
  const first = sortSeries(response.map((repetition) => duringThird(repetition, 'first')))
  const last = sortSeries(response.map((repetition) => duringThird(repetition, 'last')))
  if (Math.min(first.pooled.length, last.pooled.length) < samplesFor(0.5)) return []
  const [from, to] = [quantileSpread(first, 0.5), quantileSpread(last, 0.5)]
  const change = changeBetween(from, to, 'paired')
  if (change === null) return []
  const { value } = relativeChange(change)
  if (pValueOf(change) > FALSE_ALARMS || Math.abs(change.log) <= Math.log1p(MAX_DRIFT)) return []
  return [
    {
      code: 'not-steady',
      message: `the median latency ${value > 0 ? 'rose' : 'fell'} from ${from.value.toPrecision(3)} ms in the first third of the windows to ${to.value.toPrecision(3)} ms in the last`,
      remedy: value > 0 ? 'lower the load, or measure longer to see where it ends' : 'warm up longer: measure.warmup',
    },
  ]
}
