// The encoded requests of a cell, made once on each load thread and kept for the sessions that follow.
import type { Codec } from '../protocol/types.ts'
import { BUDGET_BYTES } from '../protocol/variants.ts'
import { makeInputs } from './inputs.ts'
import type { LoadJob } from './types.ts'

/** Of two cells of the largest kind. */
const MOST_KEPT_BYTES = 2 * BUDGET_BYTES

const kept = new Map<string, readonly Uint8Array[]>()

/**
 * In the order of the variants.
 * @throws the signal's reason once it is aborted: large requests take a while
 */
export async function preparedBodies(job: LoadJob, codec: Codec, signal: AbortSignal): Promise<readonly Uint8Array[]> {
  const { target, model, trial, seed, variants } = job
  const { api, protocol, tensors, streaming } = target
  const key = JSON.stringify([api, protocol, tensors, streaming, model, trial.batchSize, seed, variants])
  const known = kept.get(key)
  if (known !== undefined) {
    // The last one used is the last one to go.
    kept.delete(key)
    kept.set(key, known)
    return known
  }
  const bodies: Uint8Array[] = []
  for (const inputs of makeInputs({ model, seed, batchSize: trial.batchSize, variants })) {
    bodies.push(codec.encode(inputs))
    if (sizeOf(bodies) > SLOW_BYTES) {
      await new Promise(setImmediate)
      signal.throwIfAborted()
    }
  }
  keep(key, bodies)
  return bodies
}

/** Less is encoded before anybody could wait for it. */
const SLOW_BYTES = 1024 * 1024

function keep(key: string, bodies: readonly Uint8Array[]): void {
  kept.set(key, bodies)
  let bytes = [...kept.values()].reduce((sum, each) => sum + sizeOf(each), 0)
  for (const [oldest, each] of kept) {
    if (bytes <= MOST_KEPT_BYTES || oldest === key) break
    bytes -= sizeOf(each)
    kept.delete(oldest)
  }
}

const sizeOf = (bodies: readonly Uint8Array[]) => bodies.reduce((sum, { length }) => sum + length, 0)
