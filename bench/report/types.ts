// What every renderer gets. Renderers are pure; write-report.ts alone touches files.
import type { LatencyCurve, RunDocument } from '../analysis/run-document.ts'

export interface ReportInput {
  readonly run: RunDocument
  readonly curves: readonly LatencyCurve[]
}

export interface TextOptions {
  /** Columns of the terminal. */
  readonly width: number
  readonly colour: boolean
}
