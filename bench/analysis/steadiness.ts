// Did latency drift inside the windows? The first third of every window against the last, over all repetitions.
import { changeBetween, pValueOf, relativeChange } from './change.ts'
import type { Problem } from './run-document.ts'
import { samplesFor } from './sample-size.ts'
import { BLOCKS, type Series } from './samples.ts'
import { quantileSpread, sortSeries } from './spread.ts'

/** A median that moves by less is left to the intervals. */
const MAX_DRIFT = 0.2

/** Every cell is looked at: with 32 of them that do not drift, one run in 30 names one. */
const FALSE_ALARMS = 0.001

const THIRD = Math.floor(BLOCKS / 3)

/** Judged within each repetition, so that repetitions that differ from each other are no drift. */
export function drift(response: Series): Problem[] {
  const first = sortSeries(part(response, 0, THIRD))
  const last = sortSeries(part(response, BLOCKS - THIRD, BLOCKS))
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

/** By loops: the windows of a long run hold millions of requests. */
function part(series: Series, from: number, to: number): Series {
  return series.map(({ repetition, valuesMs, block }) => {
    let count = 0
    for (const index of block) if (index >= from && index < to) count++
    const kept = { repetition, valuesMs: new Float64Array(count), block: new Uint8Array(count) }
    let at = 0
    for (let row = 0; row < block.length; row++) {
      const index = block[row] as number
      if (index < from || index >= to) continue
      kept.block[at] = index
      kept.valuesMs[at++] = valuesMs[row] as number
    }
    return kept
  })
}
