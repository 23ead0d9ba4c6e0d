// The threads that share a trial's load: one job becomes as many as there are threads, their accounts become one again.
import { epochOfClockNs, nowNs } from '../core/clock.ts'
import { type LoadThread, startLoadThread } from './load-thread.ts'
import { mergeProgress, mergeResults } from './merge-results.ts'
import { sharesOf } from './share-job.ts'
import type { LoadJob, LoadSession, Phase, PhaseProgress } from './types.ts'

export interface LoadThreads {
  /** One session at a time: close it before the next is opened. */
  open(job: LoadJob, signal: AbortSignal): Promise<LoadSession>
  close(): Promise<void>
}

/** Longer than a message takes to every thread, so that all of them begin at the same instant. */
const HEAD_START_NS = 10e6

/** Starting a thread takes tens of milliseconds, so the same ones serve all trials of a run. */
export function startLoadThreads(count: number): LoadThreads {
  const threads = Array.from({ length: count }, startLoadThread)
  return {
    async open(job, signal) {
      const shares = sharesOf(job, count)
      const sessions = await openAll(threads, shares, signal)
      return sessions.length === 1 && sessions[0] !== undefined ? sessions[0] : joined(sessions)
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.close()))
    },
  }
}

/** @throws the first thread's error, after the sessions that did open are closed again */
async function openAll(
  threads: readonly LoadThread[],
  shares: readonly LoadJob[],
  signal: AbortSignal,
): Promise<readonly LoadSession[]> {
  const opened = await Promise.allSettled(
    shares.map((share, index) => (threads[index] as LoadThread).open(share, signal)),
  )
  const sessions = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failure = opened.find((result) => result.status === 'rejected')
  if (failure === undefined) return sessions
  await Promise.all(sessions.map((session) => session.close()))
  throw failure.reason
}

function joined(sessions: readonly LoadSession[]): LoadSession {
  return {
    probe: (request) => (sessions[0] as LoadSession).probe(request),
    async run(phase, { onProgress, onRecords }) {
      const latest = new Map<number, PhaseProgress>()
      const together: Phase = { ...phase, startsAtNs: epochOfClockNs() + nowNs() + HEAD_START_NS }
      const results = await Promise.all(
        sessions.map((session, index) =>
          session.run(together, {
            onRecords,
            onProgress(progress) {
              latest.set(index, progress)
              // Told when the last of them speaks: as often as one thread alone would.
              if (index === sessions.length - 1) onProgress(mergeProgress([...latest.values()]))
            },
          }),
        ),
      )
      return mergeResults(results)
    },
    async close() {
      await Promise.all(sessions.map((session) => session.close()))
    },
  }
}
