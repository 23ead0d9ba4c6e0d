// A stored run, read back and analysed again: what report, compare, gate and baseline start from.
import { type AnalysedRun, buildDocument } from '../document.ts'
import { readHeader } from '../measurement/run-header.ts'
import { openRun } from '../measurement/run-store.ts'

export const RUN_DIR = { name: 'RUN_DIR', description: 'A run directory, such as one of reports/runs/.' } as const

/** @throws BenchError `run-unreadable` */
export async function readRun(dir: string): Promise<AnalysedRun> {
  return await buildDocument(readHeader(dir), await openRun(dir))
}
