// A load whose rate changes over the window, piece by piece: what was offered, what was answered, and how fast.
import { quantile, sortedCopy } from '../core/quantile.ts'
import { OUTCOMES } from '../load/request-columns.ts'
import type { Measurement } from '../measurement/types.ts'
import type { LoadModel } from '../plan/types.ts'
import type { Piece } from './run-document.ts'
import { samplesFor } from './sample-size.ts'

/** Of a ramp: few enough to carry a p99 each, enough to see a knee. */
const RAMP_PIECES = 10

const OK = OUTCOMES.indexOf('ok')

/** Requests belong to the piece in which they were due; those of all repetitions are pooled. `null` for a steady load. */
export function piecesOf(load: LoadModel, measurements: readonly Measurement[]): Piece[] | null {
  if (load.model === 'closed' || load.profile === null) return null
  const count = load.profile.shape === 'steps' ? load.profile.requestRates.length : RAMP_PIECES
  const measured = measurements.filter(({ windowNs }) => windowNs > 0)
  return Array.from({ length: count }, (_, index) => pieceOf(measured, index, count))
}

function pieceOf(measurements: readonly Measurement[], index: number, count: number): Piece {
  const latenciesMs: number[] = []
  let due = 0
  let failed = 0
  let pieceSec = 0
  for (const { columns, windowNs } of measurements) {
    const from = (index * windowNs) / count
    const to = ((index + 1) * windowNs) / count
    pieceSec += windowNs / count / 1e9
    for (let row = 0; row < columns.length; row++) {
      const scheduled = columns.scheduledNs[row] as number
      if (scheduled < from || scheduled >= to) continue
      due++
      if (columns.outcome[row] === OK) latenciesMs.push(((columns.receivedNs[row] as number) - scheduled) / 1e6)
      else failed++
    }
  }
  const sorted = sortedCopy(Float64Array.from(latenciesMs))
  const at = (fraction: number) => (sorted.length >= samplesFor(fraction) ? quantile(sorted, fraction) : null)
  const perSec = pieceSec > 0 ? due / pieceSec : 0
  return { requestsPerSec: perSec, completed: sorted.length, failed, p50Ms: at(0.5), p99Ms: at(0.99) }
}
