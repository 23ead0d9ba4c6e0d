// A cell's response or service times, sorted once for every statistic that is made of them.
import { duringThird, type Series, THIRDS } from './samples.ts'

export interface SortedSeries {
  readonly series: Series
  readonly pooled: Float64Array
  readonly byRepetition: readonly Float64Array[]
  /** Of the window of every repetition, but for empty ones: what fewer samples would have said. */
  readonly thirds: readonly Float64Array[]
}

/** Pools the repetitions and leaves out those without samples: percentiles are of the pool, never averages. */
export function sortSeries(series: Series): SortedSeries {
  const filled = series.filter(({ valuesMs }) => valuesMs.length > 0)
  const cut = filled.map((repetition) =>
    THIRDS.map((third) => duringThird(repetition, third).valuesMs.sort()).filter(({ length }) => length > 0),
  )
  const byRepetition = cut.map((thirds) => thirds.reduce(merged, EMPTY))
  return { series: filled, pooled: byRepetition.reduce(merged, EMPTY), byRepetition, thirds: cut.flat() }
}

const EMPTY = new Float64Array(0)

/** Of two sorted arrays: cheaper than sorting the pool once more. */
function merged(one: Float64Array, other: Float64Array): Float64Array {
  if (one.length === 0) return other
  const result = new Float64Array(one.length + other.length)
  let [fromOne, fromOther] = [0, 0]
  for (let at = 0; at < result.length; at++) {
    const takesOne =
      fromOther === other.length || (fromOne < one.length && (one[fromOne] as number) <= (other[fromOther] as number))
    result[at] = takesOne ? (one[fromOne++] as number) : (other[fromOther++] as number)
  }
  return result
}
