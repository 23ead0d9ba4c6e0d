// A stored run, read back and analysed again: what report, compare, gate and baseline start from.
import { type AnalysedRun, buildDocument } from '../document.ts'
import { readHeader } from '../measurement/run-header.ts'
import { loadMeasurements } from '../measurement/run-store.ts'
import type { Measurement } from '../measurement/types.ts'

export const RUN_DIR = { name: 'RUN_DIR', description: 'A run directory, such as one of reports/runs/.' } as const

export interface StoredRun extends AnalysedRun {
  readonly measurements: readonly Measurement[]
}

/** @throws BenchError `run-unreadable` */
export async function readRun(dir: string): Promise<StoredRun> {
  const header = readHeader(dir)
  const measurements = await loadMeasurements(dir)
  return { ...buildDocument(header, measurements), measurements }
}
