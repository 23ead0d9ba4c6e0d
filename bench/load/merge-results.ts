// The accounts of threads that shared a phase, as one: sums, and the worst where a sum means nothing.
import { mergeConnects } from './connect-times.ts'
import type { ClientUse, PhaseProgress, PhaseResult, Verification } from './types.ts'

const MOST_EXAMPLES = 5

/** @param results at least one, of the same phase */
export function mergeResults(results: readonly PhaseResult[]): PhaseResult {
  const sum = (read: (result: PhaseResult) => number) => total(results.map(read))
  return {
    startedAtMs: Math.min(...results.map(({ startedAtMs }) => startedAtMs)),
    windowNs: Math.max(...results.map(({ windowNs }) => windowNs)),
    answered: sum(({ answered }) => answered),
    dropped: sum(({ dropped }) => dropped),
    delayed: sum(({ delayed }) => delayed),
    streamWaits: sum(({ streamWaits }) => streamWaits),
    censored: sum(({ censored }) => censored),
    connects: mergeConnects(results.map(({ connects }) => connects)),
    errors: mergeCounts(results.map(({ errors }) => errors)),
    errorExamples: [...new Set(results.flatMap(({ errorExamples }) => errorExamples))].slice(0, MOST_EXAMPLES),
    verification: mergeVerification(results.map(({ verification }) => verification)),
    client: mergeClient(results.map(({ client }) => client)),
  }
}

/** For the eyes only: the slowest thread's p99 stands for all. */
export function mergeProgress(all: readonly PhaseProgress[]): PhaseProgress {
  const p99s = all.flatMap(({ p99Ms }) => (p99Ms === null ? [] : [p99Ms]))
  return {
    elapsedMs: Math.max(...all.map(({ elapsedMs }) => elapsedMs)),
    completed: total(all.map(({ completed }) => completed)),
    failed: total(all.map(({ failed }) => failed)),
    requestsPerSec: total(all.map(({ requestsPerSec }) => requestsPerSec)),
    p99Ms: p99s.length === 0 ? null : Math.max(...p99s),
  }
}

function mergeClient(all: readonly ClientUse[]): ClientUse {
  return {
    threads: total(all.map(({ threads }) => threads)),
    polled: all.some(({ polled }) => polled),
    cpuMs: total(all.map(({ cpuMs }) => cpuMs)),
    cpuFraction: Math.max(...all.map(({ cpuFraction }) => cpuFraction)),
    eventLoopDelayP99Ms: Math.max(...all.map(({ eventLoopDelayP99Ms }) => eventLoopDelayP99Ms)),
    bytesSent: total(all.map(({ bytesSent }) => bytesSent)),
    bytesReceived: total(all.map(({ bytesReceived }) => bytesReceived)),
  }
}

function mergeVerification(all: readonly Verification[]): Verification {
  return {
    checked: total(all.map(({ checked }) => checked)),
    disagreed: total(all.map(({ disagreed }) => disagreed)),
    maxAbsDifference: Math.max(...all.map(({ maxAbsDifference }) => maxAbsDifference)),
  }
}

function mergeCounts(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const merged = new Map<string, number>()
  for (const [kind, count] of all.flatMap((counts) => Object.entries(counts))) {
    merged.set(kind, (merged.get(kind) ?? 0) + count)
  }
  return Object.fromEntries(merged)
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
