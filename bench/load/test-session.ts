// For tests: a session on a load thread of its own, as a run has it, beside a server on the test's thread.
import { onTestFinished } from 'vitest'
import { startLoadThreads } from './load-threads.ts'
import type { LoadJob, LoadSession } from './types.ts'

export function openTestSession(job: LoadJob, signal = new AbortController().signal): Promise<LoadSession> {
  const threads = startLoadThreads(1)
  onTestFinished(() => threads.close())
  return threads.open(job, signal)
}
