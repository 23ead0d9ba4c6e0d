// KServe v2 with JSON tensors: the request as Triton reads it, and answers judged output by output.
import { expect, it } from 'vitest'
import type { ModelSpec } from '../scenario/types.ts'
import { kserveJsonCodec } from './kserve-json.ts'

const MODEL: ModelSpec = {
  name: 'example_model',
  version: null,
  maxBatchSize: 8,
  inputs: [
    { name: 'keras_tensor', datatype: 'FP32', shape: [2] },
    { name: 'ids', datatype: 'INT64', shape: [1] },
  ],
  outputs: [
    { name: 'output_0', datatype: 'FP32', shape: [1] },
    { name: 'label', datatype: 'INT32', shape: [1, 2] },
  ],
}
const OUTPUT = { name: 'output_0', datatype: 'FP32', shape: [2, 1], data: [0.25, 0.5] }
const LABEL = { name: 'label', datatype: 'INT32', shape: [2, 1, 2], data: [1, 2, 3, 4] }

function decode(document: unknown) {
  const isRaw = typeof document === 'string' || Buffer.isBuffer(document)
  const bytes = Buffer.from(isRaw ? document : JSON.stringify(document))
  const codec = kserveJsonCodec(MODEL, 2)
  expect(codec.hasForm(bytes, 0, bytes.length, -1)).toBe(codec.decode(bytes, 0, bytes.length, -1).ok)
  return codec.decode(bytes, 0, bytes.length, -1)
}

it('names the model and its version in the path, escaped', () => {
  expect(kserveJsonCodec(MODEL, 1).path).toBe('/v2/models/example_model/infer')
  expect(kserveJsonCodec({ ...MODEL, name: 'a b/c', version: '3' }, 1).path).toBe(
    '/v2/models/a%20b%2Fc/versions/3/infer',
  )
})

it('sends every input with its batched shape and flat data', () => {
  const body = kserveJsonCodec(MODEL, 2).encode([Float64Array.of(1.5, -0, 3, 4), Float64Array.of(7, 2 ** 53)])
  expect(Buffer.from(body).toString()).toBe(
    '{"inputs":[{"name":"keras_tensor","shape":[2,2],"datatype":"FP32","data":[1.5,-0.0,3,4]},' +
      '{"name":"ids","shape":[2,1],"datatype":"INT64","data":[7,9007199254740992]}]}',
  )
})

it('gives outputs in the order of the model, whatever the order of the answer', () => {
  const expected = { ok: true, outputs: [Float64Array.of(0.25, 0.5), Float64Array.of(1, 2, 3, 4)] }
  expect(decode({ model_name: 'example_model', outputs: [LABEL, { ...OUTPUT, name: 'extra' }, OUTPUT] })).toEqual(
    expected,
  )
})

it.each<[string, unknown, string]>([
  ['no outputs', { error: 'unexpected shape' }, 'outputs is missing: the server says "unexpected shape"'],
  ['an output missing', { outputs: [OUTPUT] }, 'output label is missing; there is "output_0"'],
  ['an output twice', { outputs: [OUTPUT, LABEL, OUTPUT] }, 'output "output_0" is there twice'],
  ['a nameless output', { outputs: [OUTPUT, {}] }, 'outputs[1] has no name'],
  [
    'another datatype',
    { outputs: [{ ...OUTPUT, datatype: 'FP64' }, LABEL] },
    'output_0 has datatype "FP64", expected FP32',
  ],
  ['another shape', { outputs: [{ ...OUTPUT, shape: [2] }, LABEL] }, 'output_0 has shape [2], expected [2,1]'],
  ['another batch', { outputs: [{ ...OUTPUT, shape: [1, 1] }, LABEL] }, 'output_0 has shape [1,1], expected [2,1]'],
  ['too few values', { outputs: [{ ...OUTPUT, data: [1] }, LABEL] }, 'output_0 data has 1 values, expected 2'],
  [
    'nested values',
    { outputs: [{ ...OUTPUT, data: [[1], [2]] }, LABEL] },
    'output_0 data has a list of 1 instead of a number at 0',
  ],
  [
    'no values',
    { outputs: [{ ...OUTPUT, data: undefined }, LABEL] },
    'output_0 data is nothing, expected a list of 2 numbers',
  ],
  ['a fraction in an integer', { outputs: [OUTPUT, { ...LABEL, data: [1, 2, 3, 4.5] }] }, 'label data has 4.5'],
  ['text', 'Service Unavailable', 'the answer is no JSON: "Service Unavailable"'],
  ['invalid UTF-8', Buffer.from('7b22ff223a317d', 'hex'), 'the answer is no JSON'],
])('refuses an answer with %s', (_, document, reason) => {
  expect(decode(document)).toEqual({ ok: false, reason: expect.stringContaining(reason) })
})

it('refuses an answer far larger than the outputs need, unread', () => {
  const padded = JSON.stringify({ outputs: [OUTPUT, LABEL], padding: 'x'.repeat(70_000) })
  expect(decode(padded)).toEqual({ ok: false, reason: expect.stringMatching(/^the answer has \d+ bytes, more than/) })
})

it('reads NaN and infinities as Triton and Python write them, and leaves text that holds their names alone', () => {
  const label = JSON.stringify(LABEL)
  const output = '{"name":"output_0","datatype":"FP32","shape":[2,1],"data":[NaN,-Infinity]}'
  expect(decode(`{"model_name":"NaN \\" Infinity","outputs":[${output},${label}]}`)).toEqual({
    ok: true,
    outputs: [Float64Array.of(Number.NaN, Number.NEGATIVE_INFINITY), Float64Array.of(1, 2, 3, 4)],
  })
})

it.each([
  ['for whole numbers', '{"name":"label","datatype":"INT32","shape":[2,1,2],"data":[1,2,NaN,4]}'],
  ['in quotes', '{"name":"label","datatype":"INT32","shape":[2,1,2],"data":[1,2,"NaN",4]}'],
  ['beyond a double', '{"name":"label","datatype":"INT32","shape":[2,1,2],"data":[1,2,1e999,4]}'],
])('refuses NaN and infinities %s', (_, label) => {
  expect(decode(`{"outputs":[${JSON.stringify(OUTPUT)},${label}]}`).ok).toBe(false)
  const floats = label
    .replace('label', 'output_0')
    .replace('INT32', 'FP32')
    .replace('[2,1,2]', '[2,1]')
    .replace('1,2,', '1,')
  if (!label.includes(':[1,2,NaN')) {
    expect(decode(`{"outputs":[${floats.replace(',4]', ']')},${JSON.stringify(LABEL)}]}`).ok).toBe(false)
  }
})
