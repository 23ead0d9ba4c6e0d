// When a cell's warm-up had settled: its latencies, block by block, held against those of the window that followed.
//
// Each repetition gives one contrast, the level of a stretch of its warm-up against that of its own window, and Student's
// t over the repetitions judges it: repetitions are independent, so this holds however latencies are correlated within one.
import { twoSidedP } from '../core/student-t.ts'
import { OUTCOMES, type TimeColumns } from '../load/request-columns.ts'
import type { Measurement } from '../measurement/types.ts'
import type { LoadModel } from '../plan/types.ts'
import type { Problem } from './problems.ts'
import type { CellSummary } from './run-document.ts'

/** The levels of one repetition, as logarithms of medians; null for a block without requests. */
export interface WarmupLevels {
  readonly blocks: readonly (number | null)[]
  /** Mean over blocks of the same length: the same statistic, so that few requests per block bias both alike. */
  readonly window: number
}

export interface Settling {
  /** Last block whose end is still slower than the window; 0: none is. */
  readonly lastSlowBlock: number
  /** By how much answers took longer at the end of the warm-up than in the window, where that is no chance. */
  readonly slowerAtEnd: number | null
}

/** Repetitions that can tell chance from a level. */
const LEAST_REPETITIONS = 3
/** A level is that of this many blocks, an eighth of the warm-up; some of them may be empty. */
const STRETCH = 5
const LEAST_FILLED = 3
/** One-sided: half of it. The simulation in warmup.test.ts finds no false alarm in thousands of cells. */
const FALSE_ALARMS = 0.001
/** What counts as settled … */
const SETTLED_WITHIN = 0.1
/** … and what spoils the window: as much as a drift inside it. */
const MAX_EXCESS = 0.2

/** Beyond it the window's blocks are longer than the warm-up's: an hour after a second has no more of them. */
const MOST_WINDOW_BLOCKS = 100_000

const OK = OUTCOMES.indexOf('ok')

/** null where nothing can be told: too few repetitions, or too few requests at the end of the warm-up. */
export function settlingOf(repetitions: readonly WarmupLevels[]): Settling | null {
  const blocks = repetitions[0]?.blocks.length ?? 0
  const atEnd = excessAt(repetitions, blocks)
  if (atEnd === null) return null
  const isSlower = (excess: Excess | null, by: number) =>
    excess !== null && excess.log > Math.log1p(by) && excess.p < FALSE_ALARMS
  let end = blocks
  while (end > 0 && !isSlower(excessAt(repetitions, end), SETTLED_WITHIN)) end--
  return { lastSlowBlock: end, slowerAtEnd: isSlower(atEnd, MAX_EXCESS) ? Math.expm1(atEnd.log) : null }
}

interface Excess {
  readonly log: number
  readonly p: number
}

/** Of the stretch that ends before a block, over the window; null for too few repetitions that tell. */
function excessAt(repetitions: readonly WarmupLevels[], end: number): Excess | null {
  const contrasts = repetitions.flatMap(({ blocks, window }) => {
    const filled = blocks.slice(Math.max(0, end - STRETCH), end).filter((level) => level !== null)
    return filled.length < LEAST_FILLED ? [] : [meanOf(filled) - window]
  })
  const count = contrasts.length
  if (count < LEAST_REPETITIONS) return null
  const log = meanOf(contrasts)
  const squares = contrasts.reduce((sum, contrast) => sum + (contrast - log) ** 2, 0)
  const error = Math.sqrt(squares / (count - 1) / count)
  return { log, p: log === 0 ? 1 : error === 0 ? 0 : twoSidedP(log / error, count - 1) }
}

export interface JudgedWarmup {
  readonly warmup: CellSummary['warmup']
  readonly problems: readonly Problem[]
}

const UNTOLD: JudgedWarmup = { warmup: null, problems: [] }

/**
 * @param problems of the cell: a queue that grows is as long at the end of a warm-up as in the window, and says nothing
 */
export function judgeWarmup(
  load: LoadModel,
  measurements: readonly Measurement[],
  problems: readonly Problem[],
): JudgedWarmup {
  const isAlike = load.model === 'closed' || load.profile === null
  const isOverrun = problems.some(({ code }) => code === 'saturated' || code === 'dropped-requests')
  if (!isAlike || isOverrun) return UNTOLD
  const blockMs = measurements[0]?.warmup?.blockMs ?? 0
  const repetitions = measurements.flatMap(levelsOf)
  const settling = settlingOf(repetitions)
  if (settling === null) return UNTOLD
  const { lastSlowBlock, slowerAtEnd } = settling
  const lengthMs = blockMs * (repetitions[0]?.blocks.length ?? 0)
  const settledAfterMs = slowerAtEnd === null ? lastSlowBlock * blockMs : null
  return {
    warmup: { lengthMs, settledAfterMs },
    problems: slowerAtEnd === null ? [] : [notWarm(slowerAtEnd, lengthMs)],
  }
}

function notWarm(slowerBy: number, lengthMs: number): Problem {
  return {
    code: 'not-steady',
    message: `at the end of the warm-up answers still took ${Math.round(slowerBy * 100)} % longer than in the window: the server had not settled`,
    remedy: `warm up longer: measure.warmup: ${Math.ceil(lengthMs / 500)}s`,
  }
}

function levelsOf({ warmup, columns, windowNs }: Measurement): WarmupLevels[] {
  if (warmup === null || windowNs <= 0) return []
  const count = Math.min(MOST_WINDOW_BLOCKS, Math.max(1, Math.round(windowNs / 1e6 / warmup.blockMs)))
  const window = logLevels(columns, windowNs, count).filter((level) => level !== null)
  const blocks = warmup.medianMs.map((medianMs) => (medianMs === null ? null : Math.log(medianMs)))
  return window.length === 0 ? [] : [{ blocks, window: meanOf(window) }]
}

/** Logarithms of the median response times, ms, of completed requests by the block in which they were due. */
export function logLevels(columns: TimeColumns, windowNs: number, count: number): (number | null)[] {
  const { length, scheduledNs, receivedNs, outcome } = columns
  const blockAt = (row: number) =>
    outcome[row] === OK ? Math.min(count - 1, Math.floor(((scheduledNs[row] as number) / windowNs) * count)) : -1
  const ends = new Uint32Array(count + 1)
  for (let row = 0; row < length; row++) {
    const block = blockAt(row)
    if (block >= 0) ends[block + 1] = (ends[block + 1] as number) + 1
  }
  for (let block = 0; block < count; block++) ends[block + 1] = (ends[block + 1] as number) + (ends[block] as number)
  const next = ends.slice(0, count)
  const latenciesNs = new Float64Array(ends[count] as number)
  for (let row = 0; row < length; row++) {
    const block = blockAt(row)
    if (block < 0) continue
    latenciesNs[next[block] as number] = (receivedNs[row] as number) - (scheduledNs[row] as number)
    next[block] = (next[block] as number) + 1
  }
  return Array.from({ length: count }, (_, block) => {
    const own = latenciesNs.subarray(ends[block], ends[block + 1]).sort()
    // The lower of the two middle ones, as in the warm-up's own medians.
    const middleNs = own[(own.length - 1) >> 1]
    return middleNs === undefined ? null : Math.log(Math.max(1e-6, middleNs / 1e6))
  })
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
