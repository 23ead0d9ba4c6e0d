// How many different requests a cell cycles through: many, so that no cache and no branch predictor is favoured, but not more
// than fit into a stated amount of memory.
import { BYTES_PER_ELEMENT, elementCount } from '../protocol/tensors.ts'
import type { ModelSpec, TargetSpec } from '../scenario/types.ts'

const MOST_VARIANTS = 64
/** Of the encoded requests of one cell. */
export const BUDGET_BYTES = 64 * 1024 * 1024
/** A float32 as JSON, with its comma. */
const JSON_BYTES = 22

/** At least one, and more where two fit. */
export function variantsOf(
  { api, protocol, tensors }: Pick<TargetSpec, 'api' | 'protocol' | 'tensors'>,
  model: Pick<ModelSpec, 'inputs'>,
  batchSize: number,
): number {
  const isText = api === 'flask' || (protocol === 'http' && tensors === 'json')
  const bytes = model.inputs.reduce(
    (sum, { datatype, shape }) =>
      sum + batchSize * elementCount(shape) * (isText ? JSON_BYTES : BYTES_PER_ELEMENT[datatype]),
    0,
  )
  return Math.max(1, Math.min(MOST_VARIANTS, Math.floor(BUDGET_BYTES / Math.max(1, bytes))))
}
