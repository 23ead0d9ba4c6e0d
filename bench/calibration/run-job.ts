// One load against a built-in server: warm up, run, collect. What floors and accuracy are both made of.
import { joinColumns, type RequestColumns } from '../load/request-columns.ts'
import type { LoadJob, LoadSession, PhaseResult } from '../load/types.ts'
import type { LoadModel } from '../plan/types.ts'
import type { ModelSpec, TargetSpec } from '../scenario/types.ts'

const TIMEOUT_MS = 5000

export interface BuiltInJob {
  readonly target: TargetSpec
  readonly model: ModelSpec
  readonly batchSize: number
  readonly load: LoadModel
  readonly address: string
  readonly seed: number
  /** Prebuilt requests, as in `LoadJob`. */
  readonly variants: number
  readonly warmupMs: number
  readonly windowMs: number
  readonly polls: boolean
}

export interface CollectedRun {
  readonly columns: RequestColumns
  readonly result: PhaseResult
}

export type OpenSession = (job: LoadJob) => Promise<LoadSession>

/** @param onWarm called between warm-up and window, with nothing in flight */
export async function runBuiltIn(
  job: BuiltInJob,
  open: OpenSession,
  onWarm: () => Promise<unknown> = () => Promise.resolve(),
): Promise<CollectedRun> {
  const session = await open(loadJobOf(job))
  const chunks: RequestColumns[] = []
  const onProgress = () => {}
  try {
    await session.run({ name: 'warmup', durationMs: job.warmupMs, startsAtNs: null }, { onProgress, onRecords() {} })
    await onWarm()
    const result = await session.run(
      { name: 'measure', durationMs: job.windowMs, startsAtNs: null },
      { onProgress, onRecords: (records) => chunks.push(records) },
    )
    return { columns: joinColumns(chunks), result }
  } finally {
    await session.close()
  }
}

function loadJobOf(job: BuiltInJob): LoadJob {
  const { target, model, batchSize, load, address, seed, variants, warmupMs, windowMs, polls } = job
  return {
    trial: {
      id: `built-in server for ${target.name}`,
      target: target.name,
      batchSize,
      load,
      warmupMs,
      durationMs: windowMs,
      timeoutMs: TIMEOUT_MS,
      repetition: 1,
    },
    target,
    model,
    address,
    seed,
    variants,
    tls: null,
    // There is no reference: what is checked is the form of the answers.
    verify: null,
    expected: null,
    polls,
    share: { index: 0, of: 1 },
  }
}
