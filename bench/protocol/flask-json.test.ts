// The lab's API, in both forms, and what it says of answers that are not of that form.
import { expect, it } from 'vitest'
import type { ModelSpec } from '../scenario/types.ts'
import { flaskJsonCodec } from './flask-json.ts'

const MODEL: ModelSpec = {
  name: 'example_model',
  version: null,
  maxBatchSize: 8,
  inputs: [{ name: 'keras_tensor', datatype: 'FP32', shape: [4] }],
  outputs: [{ name: 'output_0', datatype: 'FP32', shape: [1] }],
}

function decode(batchSize: number, text: string) {
  const bytes = Buffer.from(`xx${text}yy`)
  const codec = flaskJsonCodec(MODEL, batchSize)
  expect(codec.hasForm(bytes, 2, bytes.length - 2, -1)).toBe(codec.decode(bytes, 2, bytes.length - 2, -1).ok)
  return codec.decode(bytes, 2, bytes.length - 2, -1)
}

it('sends one row as the single form, more as a list of rows', () => {
  const one = flaskJsonCodec(MODEL, 1)
  expect([one.path, one.requestHeaders]).toEqual(['/predict', { 'content-type': 'application/json' }])
  expect(Buffer.from(one.encode([Float64Array.of(0.5, -1, 2, 0.1)])).toString()).toBe(
    '{"features":[0.5,-1,2,0.10000000149011612]}',
  )
  const two = flaskJsonCodec(MODEL, 2).encode([Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8)])
  expect(Buffer.from(two).toString()).toBe('{"features":[[1,2,3,4],[5,6,7,8]]}')
})

it('takes raw_output as the only output', () => {
  const one = '{"prediction": 1, "confidence": 0.75, "raw_output": 0.75}'
  expect(decode(1, one)).toEqual({ ok: true, outputs: [Float64Array.of(0.75)] })
  const two = '{"prediction": [1, 0], "confidence": [0.75, 0.9], "raw_output": [0.75, 0.1]}'
  expect(decode(2, two)).toEqual({ ok: true, outputs: [Float64Array.of(0.75, 0.1)] })
})

it.each([
  [1, '{"prediction":2,"confidence":1,"raw_output":1}', 'prediction is 2, expected a whole number from 0 to 1'],
  [1, '{"prediction":true,"confidence":1,"raw_output":1}', 'prediction is true instead of a number'],
  [1, '{"prediction":1,"confidence":null,"raw_output":1}', 'confidence is null instead of a number'],
  [1, '{"prediction":NaN,"confidence":1,"raw_output":1}', 'prediction is no whole number'],
  [1, '{"prediction":1,"confidence":1,"raw_output":1e999}', 'raw_output is a number beyond the range of a double'],
  [1, '{"prediction":[1],"confidence":[1],"raw_output":[1]}', 'prediction is a list of 1 instead of a number'],
  [2, '{"prediction":1,"confidence":1,"raw_output":1}', 'prediction is 1, expected a list of 2 numbers'],
  [2, '{"prediction":[1,0],"confidence":[1],"raw_output":[1,0]}', 'confidence has 1 values, expected 2'],
  [2, '{"prediction":[1,0],"confidence":[1,"x"],"raw_output":[1,0]}', 'confidence has "x" instead of a number at 1'],
  [1, '{"prediction":1,"confidence":1}', 'raw_output is missing'],
  [1, '{"error":"no features"}', 'prediction is missing: the server says "no features"'],
  [1, '[]', 'the answer is a list of 0, expected an object'],
  [1, '', 'the answer is no JSON'],
])('refuses, for a batch of %d, %s', (batchSize, text, reason) => {
  const decoded = decode(batchSize, text)
  expect(decoded).toEqual({ ok: false, reason: expect.stringContaining(reason) })
})

it('refuses a model that the API cannot carry', () => {
  const twoOutputs = { ...MODEL, outputs: [...MODEL.outputs, ...MODEL.outputs] }
  expect(() => flaskJsonCodec(twoOutputs, 1)).toThrow('1 inputs and 2 outputs')
  expect(() => flaskJsonCodec({ ...MODEL, inputs: [] }, 1)).toThrow('0 inputs')
})
