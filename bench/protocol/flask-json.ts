// The lab's Flask API: `{"features": …}` answered by prediction, confidence and raw_output; scalars for one row, lists for more.
import { BenchError } from '../core/errors.ts'
import type { Datatype, ModelSpec } from '../scenario/types.ts'
import { excerpt, isRecord, jsonAnswerReader, maxJsonBytes, numberOf, numberProblem, numbersOf } from './json-answer.ts'
import { jsonNumber } from './json-number.ts'
import type { JsonPath, NumberSlot } from './json-template.ts'
import { elementCount, type IntegerRange, valuesOf } from './tensors.ts'
import type { AnswerOutputs, Codec } from './types.ts'

const LABEL: IntegerRange = { min: 0, max: 1 }
/** Every key of an answer, with the whole numbers it is limited to. */
const RANGES = { prediction: LABEL, confidence: null, raw_output: null } as const satisfies Record<
  string,
  IntegerRange | null
>

/** @throws BenchError `flask-one-input` when the model does not take exactly one tensor and give exactly one number a row */
export function flaskJsonCodec(model: ModelSpec, batchSize: number): Codec {
  const tensor = model.inputs[0]
  const output = model.outputs[0]
  const fits = tensor && output && model.inputs.length + model.outputs.length === 2 && elementCount(output.shape) === 1
  if (!fits) throw unfit(model)
  return {
    path: '/predict',
    requestHeaders: { 'content-type': 'application/json' },
    encode: (inputs) => encode(valuesOf(inputs, 0, { tensor, batchSize }), batchSize, tensor.datatype),
    ...jsonAnswerReader({
      maxBytes: maxJsonBytes(3 * batchSize),
      read: (document) => read(document, batchSize),
      slotOf: (_, path) => slotOf(path, batchSize),
    }),
  }
}

function slotOf([key, index, ...deeper]: JsonPath, batchSize: number): NumberSlot {
  // A further key, such as the time that the server took, is never looked at.
  if (!isKey(key)) return index === undefined ? 'real' : 'same'
  const isValue = batchSize === 1 ? index === undefined : typeof index === 'number' && deeper.length === 0
  return isValue ? (RANGES[key] ?? 'real') : 'same'
}

function isKey(key: string | number | undefined): key is keyof typeof RANGES {
  return typeof key === 'string' && Object.hasOwn(RANGES, key)
}

function encode(values: Float64Array, batchSize: number, datatype: Datatype): Uint8Array {
  const width = values.length / batchSize
  const rows = Array.from({ length: batchSize }, (_, row) => {
    const numbers = Array.from(values.subarray(row * width, (row + 1) * width), (value) => jsonNumber(value, datatype))
    return `[${numbers.join(',')}]`
  })
  return Buffer.from(`{"features":${batchSize === 1 ? rows[0] : `[${rows.join(',')}]`}}`)
}

function read(document: unknown, batchSize: number): AnswerOutputs {
  if (!isRecord(document)) return { ok: false, reason: `the answer is ${excerpt(document)}, expected an object` }
  for (const [key, range] of Object.entries(RANGES)) {
    if (!Object.hasOwn(document, key)) return { ok: false, reason: missing(document, key) }
    const value = document[key]
    const problem = batchSize === 1 ? scalarProblem(value, range) : listProblem(value, batchSize, range)
    if (problem !== null) return { ok: false, reason: `${key} ${problem}` }
  }
  const raw = document.raw_output
  return {
    ok: true,
    outputs: [Float64Array.from(Array.isArray(raw) ? raw : [raw], (item) => numberOf(item) ?? Number.NaN)],
  }
}

function scalarProblem(value: unknown, range: IntegerRange | null): string | null {
  const problem = numberProblem(value, range)
  return problem === null ? null : `is ${problem}`
}

function listProblem(value: unknown, count: number, range: IntegerRange | null): string | null {
  const numbers = numbersOf(value, count, range)
  return numbers.ok ? null : numbers.reason
}

function missing(document: Readonly<Record<string, unknown>>, key: string): string {
  const error = Object.hasOwn(document, 'error') ? `: the server says ${excerpt(document.error)}` : ''
  return `${key} is missing${error}`
}

function unfit(model: ModelSpec): BenchError {
  return new BenchError({
    kind: 'scenario',
    code: 'flask-one-input',
    message: `api flask carries one input and one number a row; ${model.name} has ${model.inputs.length} inputs and ${model.outputs.length} outputs`,
    hint: 'use api: kserve for this model',
  })
}
