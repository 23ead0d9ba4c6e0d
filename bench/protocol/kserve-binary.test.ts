// Triton's binary tensors: exact bytes both ways, and every count that can be wrong.
import { expect, it } from 'vitest'
import type { ModelSpec } from '../scenario/types.ts'
import { kserveBinaryCodec } from './kserve-binary.ts'

const MODEL: ModelSpec = {
  name: 'm',
  version: '2',
  maxBatchSize: null,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [2] }],
  outputs: [
    { name: 'y', datatype: 'FP32', shape: [1] },
    { name: 'label', datatype: 'UINT8', shape: [1] },
  ],
}
const Y = { name: 'y', datatype: 'FP32', shape: [2, 1], parameters: { binary_data_size: 8 } }
const LABEL = { name: 'label', datatype: 'UINT8', shape: [2, 1], parameters: { binary_data_size: 2 } }
const Y_BYTES = Buffer.from('0000803f000000c0', 'hex')
const LABEL_BYTES = Buffer.from([1, 255])

function decode(header: unknown, tail: Uint8Array, headerLength = JSON.stringify(header).length) {
  const answer = Buffer.concat([Buffer.from('abc'), Buffer.from(JSON.stringify(header)), tail])
  const codec = kserveBinaryCodec(MODEL, 2)
  const decoded = codec.decode(answer, 3, answer.length, headerLength)
  for (const _ of ['fresh', 'primed']) expect(codec.hasForm(answer, 3, answer.length, headerLength)).toBe(decoded.ok)
  return decoded
}

it('sends a JSON header, its length, and the tensors after it', () => {
  const codec = kserveBinaryCodec(MODEL, 2)
  const header =
    '{"inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","parameters":{"binary_data_size":16}}],' +
    '"outputs":[{"name":"y","parameters":{"binary_data":true}},{"name":"label","parameters":{"binary_data":true}}]}'
  expect(codec.requestHeaders['inference-header-content-length']).toBe(String(header.length))
  expect(codec.path).toBe('/v2/models/m/versions/2/infer')
  const body = Buffer.from(codec.encode([Float64Array.of(1, -2, 0, 0.5)]))
  expect(body.subarray(0, header.length).toString()).toBe(header)
  expect(body.subarray(header.length).toString('hex')).toBe('0000803f000000c0000000000000003f')
})

it('reads tensors in the order of the header and gives them in the order of the model', () => {
  const expected = { ok: true, outputs: [Float64Array.of(1, -2), Float64Array.of(1, 255)] }
  expect(decode({ outputs: [Y, LABEL] }, Buffer.concat([Y_BYTES, LABEL_BYTES]))).toEqual(expected)
  expect(decode({ outputs: [LABEL, Y] }, Buffer.concat([LABEL_BYTES, Y_BYTES]))).toEqual(expected)
})

const TAIL = Buffer.concat([Y_BYTES, LABEL_BYTES])
it.each<[string, unknown, Uint8Array, string]>([
  ['a byte too few', { outputs: [Y, LABEL] }, TAIL.subarray(1), 'the tensors should have 10 bytes, there are 9'],
  ['a byte too many', { outputs: [Y, LABEL] }, Buffer.concat([TAIL, TAIL.subarray(9)]), 'there are 11'],
  [
    'a tensor of another size',
    { outputs: [{ ...Y, parameters: { binary_data_size: 3 } }, LABEL] },
    TAIL.subarray(5),
    'y has 3 bytes, expected 8',
  ],
  ['JSON data', { outputs: [{ ...Y, parameters: {}, data: [1, 2] }, LABEL] }, LABEL_BYTES, '"y" is not binary'],
  [
    'another datatype',
    { outputs: [Y, { ...LABEL, datatype: 'INT8' }] },
    TAIL,
    'label has datatype "INT8", expected UINT8',
  ],
  ['an output missing', { outputs: [Y] }, Y_BYTES, 'output label is missing'],
  ['empty outputs', { outputs: [] }, Buffer.alloc(0), 'output y is missing; there is none'],
])('refuses an answer with %s', (_, header, tail, reason) => {
  expect(decode(header, tail)).toEqual({ ok: false, reason: expect.stringContaining(reason) })
})

it.each([
  [-1, 'the answer is not binary'],
  [10, 'the answer is no JSON'],
  [100_000, 'the header should have 100000 bytes'],
])('refuses a header length of %d', (headerLength, reason) => {
  expect(decode({ outputs: [Y, LABEL] }, TAIL, headerLength)).toEqual({
    ok: false,
    reason: expect.stringContaining(reason),
  })
})
