// How many different requests a cell cycles through: many, so that no cache and no branch predictor is favoured, but not more
// than fit into a stated amount of memory.

import type { ModelSpec, TargetSpec } from '../scenario/types.ts'
import { BYTES_PER_ELEMENT, elementCount } from './tensors.ts'

const MOST_VARIANTS = 64
/** Of the encoded requests of one cell. */
export const BUDGET_BYTES = 64 * 1024 * 1024
/** A float32 as JSON, with its comma. */
const JSON_BYTES = 22

type Door = Pick<TargetSpec, 'api' | 'protocol' | 'tensors'>

/**
 * The same number for every target, or the answers of some requests would have nothing to be compared with: as many as
 * fit through the door whose requests are largest; at least one.
 */
export function variantsOf(doors: readonly Door[], model: Pick<ModelSpec, 'inputs'>, batchSize: number): number {
  const largest = Math.max(1, ...doors.map((door) => requestBytes(door, model, batchSize)))
  return Math.max(1, Math.min(MOST_VARIANTS, Math.floor(BUDGET_BYTES / largest)))
}

function requestBytes(
  { api, protocol, tensors }: Door,
  { inputs }: Pick<ModelSpec, 'inputs'>,
  batchSize: number,
): number {
  const isText = api === 'flask' || (protocol === 'http' && tensors === 'json')
  return inputs.reduce((sum, { datatype, shape }) => {
    return sum + batchSize * elementCount(shape) * (isText ? JSON_BYTES : BYTES_PER_ELEMENT[datatype])
  }, 0)
}
