// Runs one phase of a session and keeps its records: what tests look at.
import { joinColumns, type RequestColumns } from '../load/request-columns.ts'
import type { LoadSession, PhaseProgress, PhaseResult } from '../load/types.ts'

export interface CollectedPhase extends PhaseResult {
  readonly columns: RequestColumns
}

export async function runAndCollect(
  session: LoadSession,
  durationMs: number,
  onProgress: (progress: PhaseProgress) => void = () => {},
): Promise<CollectedPhase> {
  const chunks: RequestColumns[] = []
  const onRecords = (records: RequestColumns) => chunks.push(records)
  const result = await session.run({ name: 'measure', durationMs, startsAtNs: null }, { onProgress, onRecords })
  return { ...result, columns: joinColumns(chunks) }
}
