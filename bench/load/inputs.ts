// The inputs of a trial: seeded, many, and the same for every target, so that no cache and no door is favoured.
import { seededRandom } from '../core/random.ts'
import { elementCount, INTEGER_RANGE, representable } from '../protocol/tensors.ts'
import type { InputValues } from '../protocol/types.ts'
import type { ModelSpec, TensorSpec } from '../scenario/types.ts'
import { REQUEST_VARIANTS } from './types.ts'

/** Integers are drawn below this: token ids and pixels are small, and every datatype holds it. */
const INTEGER_BOUND = 128

/** REQUEST_VARIANTS different requests: standard normal values, rounded to the datatype; small whole numbers for integers. */
export function makeInputs(model: ModelSpec, batchSize: number, seed: number): readonly InputValues[] {
  const random = seededRandom(seed, `inputs of batch ${batchSize}`)
  const draw = ({ datatype, shape }: TensorSpec) =>
    Float64Array.from({ length: batchSize * elementCount(shape) }, () =>
      INTEGER_RANGE[datatype] === null ? representable(random.normal(), datatype) : random.below(INTEGER_BOUND),
    )
  return Array.from({ length: REQUEST_VARIANTS }, () => model.inputs.map(draw))
}
