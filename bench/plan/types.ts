// A Plan: every trial of a run in order. Made before anything starts; pure data.
import type { LoadModel, Scenario, TargetSpec } from '../scenario/types.ts'

export type { LoadModel }

/** One cell of the matrix: what is measured, over all repetitions. */
export interface CellKey {
  readonly target: string
  readonly batchSize: number
  readonly load: LoadModel
}

/** One measurement of one cell. */
export interface Trial extends CellKey {
  /** `triton-grpc/b4/c8#2`: target, batch size, load, repetition (from 1). */
  readonly id: string
  readonly warmupMs: number
  readonly durationMs: number
  readonly timeoutMs: number
  readonly repetition: number
  /** Of a cell that was measured once more, since it would have failed a gate. Absent in runs of earlier versions. */
  readonly confirms?: boolean
}

export interface Plan {
  readonly scenario: Scenario
  readonly scenarioPath: string
  readonly scenarioSha256: string
  readonly seed: number
  /** Those that have a trial, in the scenario's order. */
  readonly targets: readonly TargetSpec[]
  /** In the order in which they run: interleaved within each repetition by the seed. */
  readonly trials: readonly Trial[]
  /** Warm-ups and windows; the start of servers is not in it. With `measure.duration: auto`, the least. */
  readonly expectedMs: number
  /** Where every cell takes as many repetitions as it may; as long as expected, where their number is fixed. */
  readonly longestMs: number
}
