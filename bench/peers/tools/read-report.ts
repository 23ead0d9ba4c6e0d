// How the tools' reports are read: JSON against a schema, figures in text, and 0 for "below what I can resolve".
import type { z } from 'zod'
import { parseDurationMs } from '../../core/units.ts'
import type { PeerReport } from '../peer.ts'

/** @throws Error that says where the document differs */
export function readJson<Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema> {
  return schema.parse(JSON.parse(text))
}

/** Percentiles in ms. Tools with whole milliseconds or tenths print 0 for anything shorter: that is no figure. */
export function latencies(p50Ms: number | null, p99Ms: number | null): PeerReport {
  const known = (ms: number | null) => (ms !== null && ms > 0 && Number.isFinite(ms) ? ms : null)
  return { ok: true, p50Ms: known(p50Ms), p99Ms: known(p99Ms) }
}

export function failures(count: number, what: string): PeerReport {
  return { ok: false, reason: `${count} ${what}` }
}

/** The number that the pattern's first group holds; `null` where the text has none. */
export function numberIn(text: string, pattern: RegExp): number | null {
  const found = pattern.exec(text)?.[1]
  return found === undefined ? null : Number(found)
}

/** The duration that the pattern's first group holds, such as `502.00us`. */
export function durationIn(text: string, pattern: RegExp): number | null {
  const found = pattern.exec(text)?.[1]
  return found === undefined ? null : parseDurationMs(found)
}

/** How many answers had another status than 2xx, from counts by status. */
export function otherThan2xx(counts: Readonly<Record<string, number>>): number {
  return Object.entries(counts).reduce((sum, [status, count]) => (/^2\d\d$/.test(status) ? sum : sum + count), 0)
}
