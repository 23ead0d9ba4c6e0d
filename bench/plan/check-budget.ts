// How long the checks before the load may take: no longer than is in proportion to the load itself.
import type { Plan } from './types.ts'

/** Enough for all prebuilt requests of a server that answers within 10 ms. */
const LEAST_MS = 1000
const MOST_MS = 10_000
/** Of the time that the load of the same target and batch size takes. */
const SHARE = 0.25
/** What a floor takes for each cell, and for each kind of request that is new. */
const FLOOR_MS = 250
const FIRST_FLOOR_MS = 500

/** For the agreement of one target at one batch size; as much again for its audit of caches. */
export function checkBudgetMs({ trials }: Pick<Plan, 'trials'>, target: string, batchSize: number): number {
  const loadMs = trials
    .filter((trial) => trial.target === target && trial.batchSize === batchSize)
    .reduce((sum, { warmupMs, durationMs }) => sum + warmupMs + durationMs, 0)
  return Math.min(MOST_MS, Math.max(LEAST_MS, SHARE * loadMs))
}

/** All checks before the first trial at most; servers that answer fast are through in a fraction of it. */
export function checksMs({ trials, targets, scenario }: Pick<Plan, 'trials' | 'targets' | 'scenario'>): number {
  const { batchSizes, loads } = scenario.matrix
  const largest = Math.max(...batchSizes)
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const agreement = sum(targets.flatMap(({ name }) => batchSizes.map((size) => checkBudgetMs({ trials }, name, size))))
  const audits = sum(targets.map(({ name }) => checkBudgetMs({ trials }, name, largest)))
  const kinds = targets.length * batchSizes.length
  return agreement + audits + kinds * (FIRST_FLOOR_MS + loads.length * FLOOR_MS)
}
