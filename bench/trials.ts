// The measured part of a run: agreement first, then every trial in the plan's order, over one load worker.
import type { CleanupStack } from './core/cleanup.ts'
import { checkParity, type ParityOutcome } from './load/parity.ts'
import type { LoadJob } from './load/types.ts'
import { startLoadWorker } from './load/worker-session.ts'
import { measureTrial, withoutData } from './measurement/measure-trial.ts'
import type { Measurement, ParityResult } from './measurement/types.ts'
import type { Plan, Trial } from './plan/types.ts'
import type { Progress } from './progress.ts'
import type { RunningServer } from './runtime/types.ts'
import type { TargetSpec } from './scenario/types.ts'
import type { Servers } from './servers.ts'

export interface TrialsSetting {
  readonly plan: Plan
  readonly servers: Servers
  readonly signal: AbortSignal
  readonly progress: Progress
}

export interface Trials {
  /** Every target answers the same inputs at every batch size; first of all, and once. */
  checkParity(): Promise<readonly ParityResult[]>
  /** One measurement per trial, in order; ends early when the signal aborts. */
  measure(): AsyncGenerator<Measurement>
}
