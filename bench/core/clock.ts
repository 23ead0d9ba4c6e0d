// The one clock of the load path: monotonic, in nanoseconds, as a double (exact to the nanosecond for 104 days).
import { performance } from 'node:perf_hooks'

/** Nanoseconds since this thread's time origin. Compare readings of one thread only. */
export function nowNs(): number {
  return performance.now() * 1e6
}

/** Nanoseconds since the Unix epoch of this thread's time origin: add to a reading to compare threads (±1 µs). */
export function epochOfClockNs(): number {
  return performance.timeOrigin * 1e6
}

/**
 * Each turn of the event loop leaves a few hundred bytes behind. Turns without any pause are a million a second, whose
 * garbage stops the thread for 1 to 2 % of the time: at p99, that is measured.
 */
const PAUSE_NS = 3000

/** For what polls: spins for a moment, at most until an instant that must not be missed. @returns the time */
export function pauseUntil(dueNs: number): number {
  let atNs = nowNs()
  const endNs = Math.min(dueNs, atNs + PAUSE_NS)
  while (atNs < endNs) atNs = nowNs()
  return atNs
}

/** Resolves after `delayMs`, or at once when the signal aborts. */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const finish = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, delayMs)
    signal?.addEventListener('abort', finish, { once: true })
  })
}
