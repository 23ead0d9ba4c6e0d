// Does a target answer inputs that it has seen faster than new ones? Then its numbers are those of a cache.
import type { CacheAudit } from '../measurement/types.ts'
import type { LoadSession, ProbeAnswer } from './types.ts'

/** Sets of inputs that no other request has: each is sent twice in a row. */
const SETS = 3
const PER_SET = 16

/**
 * Suspected below this share. The slowest of the repeated sets is held against the fastest of the new ones: a server
 * that is still warming up speeds up between sets, too, and would look like a cache in any milder comparison.
 */
const SUSPICIOUS = 0.75

export interface CacheAuditRequest {
  readonly targets: readonly string[]
  /** Large ones compute longest, so that a cache shows best. */
  readonly batchSize: number
  /** Each time with inputs that were never sent before. */
  readonly open: (target: string, batchSize: number) => Promise<LoadSession>
}

/** One per target; a target that does not answer is left to the parity check. */
export async function auditCaches({ targets, batchSize, open }: CacheAuditRequest): Promise<CacheAudit[]> {
  const audits: CacheAudit[] = []
  for (const target of targets) {
    const fresh: number[] = []
    const repeated: number[] = []
    for (let set = 1; set <= SETS; set++) {
      const session = await open(target, batchSize)
      try {
        fresh.push(medianMs(await session.probe(PER_SET)))
        repeated.push(medianMs(await session.probe(PER_SET)))
      } finally {
        await session.close()
      }
    }
    const [freshMs, repeatedMs] = [Math.min(...fresh), Math.max(...repeated)]
    if (!Number.isFinite(freshMs) || !Number.isFinite(repeatedMs)) continue
    audits.push({ target, batchSize, freshMs, repeatedMs, suspected: repeatedMs < SUSPICIOUS * freshMs })
  }
  return audits
}

/** NaN unless all were answered. */
function medianMs(answers: readonly ProbeAnswer[]): number {
  if (answers.length === 0 || answers.some(({ ok }) => !ok)) return Number.NaN
  const sorted = answers.map(({ ms }) => ms).sort((one, other) => one - other)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
