// Does a target answer inputs that it has seen faster than new ones? Then its numbers are those of a cache.
import { quantile, sortedCopy } from '../core/quantile.ts'
import type { CacheAudit } from '../measurement/types.ts'
import type { LoadSession, ProbeAnswer, ProbeRequest } from './types.ts'

/** Sets of inputs that no other request has: each is sent twice in a row. */
const SETS = 3
const MOST_PER_SET = 16
/** Fewer would call chance a cache. */
export const FEWEST_PER_SET = 4

/**
 * Suspected below this share. The slowest of the repeated sets is held against the fastest of the new ones: a server
 * that is still warming up speeds up between sets, too, and would look like a cache in any milder comparison.
 */
const SUSPICIOUS = 0.75

export interface CacheAuditRequest {
  readonly targets: readonly string[]
  /** Large ones compute longest, so that a cache shows best. */
  readonly batchSize: number
  /** For each target. */
  readonly budgetMs: (target: string) => number
  /** Each time with inputs that were never sent before. */
  readonly open: (target: string, batchSize: number) => Promise<LoadSession>
}

/** One per target; a target that does not answer, or too slowly for its budget, has none. */
export async function auditCaches(request: CacheAuditRequest): Promise<CacheAudit[]> {
  const audits: CacheAudit[] = []
  for (const target of request.targets) {
    const audit = await auditOne(request, target)
    if (audit !== null) audits.push(audit)
  }
  return audits
}

async function auditOne({ batchSize, budgetMs, open }: CacheAuditRequest, target: string): Promise<CacheAudit | null> {
  const setMs = budgetMs(target) / (2 * SETS)
  const fresh: number[] = []
  const repeated: number[] = []
  for (let set = 1; set <= SETS; set++) {
    const session = await open(target, batchSize)
    try {
      const first = answeredOf(await session.probe({ variants: upTo(MOST_PER_SET), budgetMs: setMs }))
      if (first.length < FEWEST_PER_SET) return null
      const again = answeredOf(await session.probe({ variants: upTo(first.length) } satisfies ProbeRequest))
      if (again.length < first.length) return null
      fresh.push(medianOf(first))
      repeated.push(medianOf(again))
    } finally {
      await session.close()
    }
  }
  const [freshMs, repeatedMs] = [Math.min(...fresh), Math.max(...repeated)]
  return { target, batchSize, freshMs, repeatedMs, suspected: repeatedMs < SUSPICIOUS * freshMs }
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

/** Milliseconds of the answers before the first that is missing or failed. */
function answeredOf(answers: readonly (ProbeAnswer | null)[]): number[] {
  const end = answers.findIndex((answer) => !answer?.ok)
  return (end === -1 ? answers : answers.slice(0, end)).flatMap((answer) => (answer === null ? [] : [answer.ms]))
}

const medianOf = (values: readonly number[]) => quantile(sortedCopy(Float64Array.from(values)), 0.5)
