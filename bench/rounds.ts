// `measure.duration: auto`: round after round of the blocks that hold a cell which is not known precisely yet.
import { isPrecise, isSettled, roundOf, widthsOf } from './analysis/precision.ts'
import { cellKeyOf } from './analysis/run-document.ts'
import { seriesOf } from './analysis/samples.ts'
import { sortSeries } from './analysis/sorted-series.ts'
import type { StoredRun } from './measurement/run-store.ts'
import { cellsOf, mostRepetitions } from './plan/expand.ts'
import { roundTrials } from './plan/further.ts'
import type { CellKey, Plan, Trial } from './plan/types.ts'
import type { Progress } from './progress.ts'
import type { AutoSpec } from './scenario/types.ts'

export interface RoundsSetting {
  readonly plan: Plan
  readonly signal: AbortSignal
  readonly progress: Progress
  /** The run as it is stored by now. */
  readonly open: () => Promise<StoredRun>
  readonly measure: (trials: readonly Trial[]) => Promise<void>
}

/** A cell that is not settled, and whether it was precise after each round so far. */
interface Watched {
  readonly key: CellKey
  readonly looks: readonly boolean[]
}

/** After the trials of the plan; does nothing where their number is fixed. */
export async function measureUntilPrecise({ plan, signal, progress, open, measure }: RoundsSetting): Promise<void> {
  const { auto, repetitions } = plan.scenario.measure
  if (auto === null) return
  const most = mostRepetitions(plan.scenario.measure)
  const cells = cellsOf(plan)
  let watched: readonly Watched[] = cells.map((key) => ({ key, looks: [] }))
  let done = repetitions
  while (!signal.aborted) {
    const more = roundOf(done, most)
    // What the last round brought needs no look: the report tells whether it was enough.
    if (more === 0) return
    watched = await lookAgain(watched, await open(), auto)
    if (watched.length === 0) return
    const keys = watched.map(({ key }) => key)
    const trials = roundTrials(plan, keys, { done, more })
    progress.note(
      `${keys.length} of ${cells.length} cells not known precisely by ${done} repetitions: ${more} more, ` +
        `${trials.length} trials`,
    )
    await measure(trials)
    done += more
  }
}

/** Those that are not settled by what is stored; the others are not read again. */
async function lookAgain(watched: readonly Watched[], stored: StoredRun, wanted: AutoSpec): Promise<Watched[]> {
  const indices = Map.groupBy(stored.accounts.keys(), (index) => keyAt(stored, index))
  const left: Watched[] = []
  for (const { key, looks } of watched) {
    const measurements = await stored.read(indices.get(cellKeyOf(key)) ?? [])
    const sorted = sortSeries(seriesOf(measurements, 'response'))
    // More repetitions of a server that is dead, or that answers nothing right, would tell no more.
    const answers = sorted.series.at(-1)?.repetition === measurements.at(-1)?.trial.repetition
    const after = [...looks, isPrecise(widthsOf(sorted), wanted)]
    if (answers && !isSettled(after)) left.push({ key, looks: after })
  }
  return left
}

function keyAt({ accounts }: StoredRun, index: number): string | null {
  const account = accounts[index]
  return account === undefined ? null : cellKeyOf(account.trial)
}
