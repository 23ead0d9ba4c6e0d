// KServe v2 over HTTP with tensors as JSON numbers: data flat and row-major, both ways.
import type { ModelSpec } from '../scenario/types.ts'
import { isRecord, jsonAnswerReader, maxJsonBytes, numbersOf } from './json-answer.ts'
import { jsonNumber } from './json-number.ts'
import type { JsonPath, NumberSlot } from './json-template.ts'
import { entryOf, inferPath, outputEntries, tensorHeader } from './kserve-json-outputs.ts'
import { elementCount, INTEGER_RANGE, valuesOf } from './tensors.ts'
import type { AnswerOutputs, Codec, InputValues } from './types.ts'

/** Outputs that the model is not said to have are allowed and ignored. */
export function kserveJsonCodec(model: ModelSpec, batchSize: number): Codec {
  const elements = model.outputs.reduce((sum, { shape }) => sum + batchSize * elementCount(shape), 0)
  return {
    path: inferPath(model),
    requestHeaders: { 'content-type': 'application/json' },
    encode: (inputs) => encode(model, batchSize, inputs),
    ...jsonAnswerReader({
      maxBytes: maxJsonBytes(elements),
      read: (document) => read(document, model, batchSize),
      slotOf: (document, path) => slotOf(model, document, path),
    }),
  }
}

function encode(model: ModelSpec, batchSize: number, inputs: InputValues): Uint8Array {
  const tensors = model.inputs.map((tensor, index) => {
    const values = valuesOf(inputs, index, { tensor, batchSize })
    const data = Array.from(values, (value) => jsonNumber(value, tensor.datatype)).join(',')
    // The literals are inserted as text because JSON.stringify would write −0 as 0.
    return `${JSON.stringify(tensorHeader(tensor, batchSize)).slice(0, -1)},"data":[${data}]}`
  })
  return Buffer.from(`{"inputs":[${tensors.join(',')}]}`)
}

function read(document: unknown, model: ModelSpec, batchSize: number): AnswerOutputs {
  const entries = outputEntries(document)
  if (!entries.ok) return entries
  const outputs: Float64Array[] = []
  for (const tensor of model.outputs) {
    const entry = entryOf(entries.value, tensor, batchSize)
    if (!entry.ok) return entry
    const count = batchSize * elementCount(tensor.shape)
    const numbers = numbersOf(entry.value.data, count, INTEGER_RANGE[tensor.datatype])
    if (!numbers.ok) return { ok: false, reason: `${tensor.name} data ${numbers.reason}` }
    outputs.push(numbers.value)
  }
  return { ok: true, outputs }
}

/** Only the data of outputs may differ from answer to answer. */
function slotOf(model: ModelSpec, document: unknown, path: JsonPath): NumberSlot {
  const [root, index, key, element] = path
  if (root !== 'outputs' || key !== 'data' || typeof index !== 'number' || typeof element !== 'number') return 'same'
  const entry = isRecord(document) && Array.isArray(document.outputs) ? document.outputs[index] : undefined
  const tensor = model.outputs.find(({ name }) => isRecord(entry) && entry.name === name)
  return tensor === undefined ? 'real' : (INTEGER_RANGE[tensor.datatype] ?? 'real')
}
