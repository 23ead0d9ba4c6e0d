// The warm-up's requests, which are in no number, as a short series: enough to see when the server had settled.
import { OUTCOMES, type RequestColumns } from '../load/request-columns.ts'

/** Equal parts of the warm-up, by the time at which requests were due. */
export interface WarmupSeries {
  readonly blockMs: number
  readonly counts: readonly number[]
  /** Of the completed requests' response times; null for a part without any. */
  readonly medianMs: readonly (number | null)[]
}

export const WARMUP_BLOCKS = 40
/** Latencies are counted in classes of 0.1 %, so that a warm-up of an hour takes no more memory than one of a second. */
const CLASSES_PER_E = 1000
const OK = OUTCOMES.indexOf('ok')

export interface WarmupWatch {
  /** Times from the start of the warm-up. */
  add(records: RequestColumns): void
  series(): WarmupSeries
}

export function watchWarmup(warmupMs: number): WarmupWatch {
  const blockMs = warmupMs / WARMUP_BLOCKS
  const classes = Array.from({ length: WARMUP_BLOCKS }, () => new Map<number, number>())
  return {
    add({ length, scheduledNs, receivedNs, outcome }) {
      for (let row = 0; row < length; row++) {
        if (outcome[row] !== OK) continue
        const dueMs = (scheduledNs[row] as number) / 1e6
        const block = classes[Math.min(WARMUP_BLOCKS - 1, Math.max(0, Math.floor(dueMs / blockMs)))] as Map<
          number,
          number
        >
        const latencyMs = Math.max(1e-6, (receivedNs[row] as number) / 1e6 - dueMs)
        const own = Math.round(Math.log(latencyMs) * CLASSES_PER_E)
        block.set(own, (block.get(own) ?? 0) + 1)
      }
    },
    series: () => ({
      blockMs,
      counts: classes.map((block) => countOf(block)),
      medianMs: classes.map(medianOf),
    }),
  }
}

function countOf(block: ReadonlyMap<number, number>): number {
  return [...block.values()].reduce((sum, count) => sum + count, 0)
}

/** The lower of the two middle ones where their number is even. */
function medianOf(block: ReadonlyMap<number, number>): number | null {
  const middle = (countOf(block) + 1) >> 1
  let seen = 0
  for (const [own, count] of [...block].sort(([one], [other]) => one - other)) {
    seen += count
    if (seen >= middle) return Number(Math.exp(own / CLASSES_PER_E).toPrecision(5))
  }
  return null
}
