// What the main thread and a load thread say to each other. Records are handed over, not copied.
import type { RequestColumns } from './request-columns.ts'
import type { LoadJob, Phase, PhaseProgress, PhaseResult, ProbeAnswer, ProbeRequest } from './types.ts'

/** Each command is answered by exactly one reply with its number; progress and records come in between. */
export type Command =
  | { readonly kind: 'open'; readonly number: number; readonly job: LoadJob }
  | { readonly kind: 'probe'; readonly number: number; readonly request: ProbeRequest }
  | { readonly kind: 'run'; readonly number: number; readonly phase: Phase }
  | { readonly kind: 'close'; readonly number: number }
  /** Not answered: what runs ends at once. */
  | { readonly kind: 'abort' }
  /** Not answered: the thread ends, once its session is closed. */
  | { readonly kind: 'end' }

export type Reply =
  | { readonly kind: 'done'; readonly number: number; readonly value: CommandValue }
  | { readonly kind: 'failed'; readonly number: number; readonly error: unknown }
  | { readonly kind: 'progress'; readonly progress: PhaseProgress }
  | { readonly kind: 'records'; readonly records: RequestColumns }

export type CommandValue = null | readonly (ProbeAnswer | null)[] | PhaseResult
