// The part of run.json that tells what was checked and seen before the windows.
import { z } from 'zod'
import { nullable, whole } from './schema-pieces.ts'

export const paritySchema = z.object({
  target: z.string(),
  against: z.string(),
  maxAbsDifference: nullable(z.number()),
  ok: z.boolean(),
  checkedDuringRun: whole,
  disagreed: whole,
  reason: nullable(z.string()),
})

export const coldStartSchema = z
  .object({
    target: z.string(),
    readyMs: nullable(z.number()).describe('From the start of its server until it was ready; null for external ones.'),
    firstMs: z.number().describe('The first answer to this target.'),
    laterMs: z.number().describe('Median of the answers after it, one request in flight.'),
  })
  .describe('Before any load, at the first batch size. Targets of one server share its start.')

export const cacheAuditSchema = z
  .object({
    target: z.string(),
    batchSize: whole,
    freshMs: z.number().describe('Median for inputs that the target had not seen, of the fastest set.'),
    repeatedMs: z.number().describe('Median for the same inputs sent once more, of the slowest set.'),
    suspected: z.boolean(),
  })
  .describe('Whether inputs that were seen are answered faster: then it may be a cache that is measured.')

export const warmupSchema = z
  .object({
    lengthMs: z.number(),
    settledAfterMs: nullable(z.number()).describe('0: at once; null: it had not settled at its end.'),
  })
  .describe(
    'When answers took no longer than in the windows (by 10 %), over all repetitions; to an eighth of its length.',
  )
