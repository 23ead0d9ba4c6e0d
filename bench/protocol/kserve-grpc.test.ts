// The codec against protobufjs, an independent implementation, through the project's kserve.proto; then against garbage.
import { fileURLToPath } from 'node:url'
import { loadSync, type MethodDefinition } from '@grpc/proto-loader'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Datatype, ModelSpec } from '../scenario/types.ts'
import { kserveGrpcCodec } from './kserve-grpc.ts'

const PROTO = fileURLToPath(new URL('kserve.proto', import.meta.url))
const service = loadSync(PROTO, { keepCase: true, longs: Number, defaults: true })['inference.GRPCInferenceService']
const infer = (service as unknown as { ModelInfer: MethodDefinition<object, object> }).ModelInfer

const MODEL: ModelSpec = {
  name: 'example_model',
  version: null,
  inputs: [{ name: 'keras_tensor', datatype: 'FP32', shape: [4] }],
  outputs: [{ name: 'output_0', datatype: 'FP32', shape: [1] }],
  maxBatchSize: 8,
}
const FLOATS = Buffer.from(Float32Array.of(0.25, -2).buffer)
const TENSOR = { name: 'output_0', datatype: 'FP32', shape: [2, 1] }

const answer = (message: object): Uint8Array => infer.responseSerialize({ model_name: 'example_model', ...message })
const good = () => answer({ outputs: [TENSOR], raw_output_contents: [FLOATS] })
const codec = () => kserveGrpcCodec(MODEL, 2)

function outputs(bytes: Uint8Array, model = MODEL) {
  const decoded = kserveGrpcCodec(model, 2).decode(bytes, 0, bytes.length, -1)
  return decoded.ok ? decoded.outputs.map((values) => [...values]) : decoded.reason
}

const modelWith = (datatype: Datatype): ModelSpec => ({
  ...MODEL,
  inputs: [{ name: 'x', datatype, shape: [2] }],
  outputs: [{ name: 'y', datatype, shape: [2] }],
})

describe('encode', () => {
  it('writes a request that protobufjs reads', () => {
    const bytes = kserveGrpcCodec({ ...MODEL, version: '3' }, 2).encode([Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8)])
    expect(infer.requestDeserialize(Buffer.from(bytes))).toMatchObject({
      model_name: 'example_model',
      model_version: '3',
      inputs: [{ name: 'keras_tensor', datatype: 'FP32', shape: [2, 4] }],
      outputs: [{ name: 'output_0' }],
      raw_input_contents: [Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer)],
    })
  })

  it.each([
    ['FP64', Float64Array.of(1.5, -2, 3, 4)],
    ['INT32', Int32Array.of(1, -2, 3, 4)],
    ['INT64', BigInt64Array.of(1n, -2n, 3n, 4n)],
    ['UINT8', Uint8Array.of(1, 254, 3, 4)],
  ] as const)('writes %s little-endian', (datatype, expected) => {
    const values = Float64Array.from([...expected].map(Number))
    const bytes = Buffer.from(kserveGrpcCodec(modelWith(datatype), 2).encode([values]))
    const request = infer.requestDeserialize(bytes) as { raw_input_contents: Buffer[] }
    expect(request.raw_input_contents).toEqual([Buffer.from(expected.buffer)])
  })
})

describe('decode', () => {
  it('reads raw contents, at any place of a buffer', () => {
    const bytes = Buffer.concat([Buffer.from('xyz'), good(), Buffer.from('rest')])
    const decoded = codec().decode(bytes, 3, bytes.length - 4, -1)
    expect(decoded).toEqual({ ok: true, outputs: [Float64Array.of(0.25, -2)] })
  })

  it.each([
    ['FP32', { fp32_contents: [0.5, 1, -2, 4] }],
    ['FP64', { fp64_contents: [0.5, 1, -2, 4] }],
    ['INT32', { int_contents: [5, 1, -2, 4] }],
    ['INT64', { int64_contents: [5, 1, -2, 2 ** 40] }],
    ['UINT8', { uint_contents: [5, 1, 200, 4] }],
  ] as const)('reads typed contents of %s', (datatype, contents) => {
    const bytes = answer({ outputs: [{ name: 'y', datatype, shape: [2, 2], contents }] })
    expect(outputs(bytes, modelWith(datatype))).toEqual(Object.values(contents))
    expect(kserveGrpcCodec(modelWith(datatype), 2).hasForm(bytes, 0, bytes.length, -1)).toBe(true)
  })

  it('finds outputs by name, in whatever order they come', () => {
    const spec = (name: string) => ({ name, datatype: 'UINT8' as const, shape: [1] })
    const model = { ...MODEL, outputs: [spec('a'), spec('b')] }
    const tensor = (name: string) => ({ name, datatype: 'UINT8', shape: [2, 1] })
    const raws = [Buffer.of(1, 2), Buffer.of(3, 4)]
    const bytes = answer({ outputs: [tensor('b'), tensor('a')], raw_output_contents: raws })
    const both = kserveGrpcCodec(model, 2)
    expect(outputs(bytes, model)).toEqual([
      [3, 4],
      [1, 2],
    ])
    expect([both.hasForm(bytes, 0, bytes.length, -1), both.hasForm(bytes, 0, bytes.length, -1)]).toEqual([true, true])
  })

  it.each([
    ['empty bytes', new Uint8Array(0), 'the answer has no output output_0'],
    [
      'empty contents',
      answer({ outputs: [TENSOR], raw_output_contents: [Buffer.of()] }),
      'output_0 has 0 bytes, expected 8',
    ],
    ['no contents', answer({ outputs: [TENSOR] }), 'output_0 has no contents'],
    ['another name', answer({ outputs: [{ ...TENSOR, name: 'x' }] }), 'the answer has no output output_0'],
    ['another type', answer({ outputs: [{ ...TENSOR, datatype: 'INT32' }] }), 'output_0 is "INT32", expected FP32'],
    [
      'another batch',
      answer({ outputs: [{ ...TENSOR, shape: [1, 1] }] }),
      'output_0 has shape [1, 1], expected [2, 1]',
    ],
    ['an output twice', answer({ outputs: [TENSOR, TENSOR] }), 'the answer has the output output_0 twice'],
    ['garbage', Uint8Array.of(0x2a, 0xff, 1), 'the answer is no well-formed protobuf message'],
    [
      'one typed value too few',
      answer({ outputs: [{ ...TENSOR, contents: { fp32_contents: [1] } }] }),
      'output_0 does not have 2 values of type FP32',
    ],
  ])('says what is wrong with %s', (_, bytes, reason) => {
    expect(outputs(bytes)).toBe(reason)
    expect(codec().hasForm(bytes, 0, bytes.length, -1)).toBe(false)
  })
})

it('ignores outputs that the model is not said to have, as over JSON, and reads its own in whatever order they come', () => {
  const other = { ...TENSOR, name: 'other' }
  const bytes = answer({ outputs: [other, TENSOR], raw_output_contents: [Buffer.alloc(8), Buffer.alloc(8)] })
  expect(codec().hasForm(bytes, 0, bytes.length, -1)).toBe(true)
  expect(outputs(bytes)).toEqual([[0, 0]])
})

describe('hasForm', () => {
  it('accepts other values in a known form, and nothing else', () => {
    const once = codec()
    const known = good()
    expect(once.hasForm(known, 0, known.length, -1)).toBe(true)
    const others = answer({ outputs: [TENSOR], raw_output_contents: [Buffer.alloc(8, 9)] })
    expect(once.hasForm(others, 0, others.length, -1)).toBe(true)
    for (let index = 0; index < known.length - 8; index++) {
      const broken = Buffer.from(known)
      broken[index] = (broken[index] ?? 0) ^ 1
      expect(once.hasForm(broken, 0, broken.length, -1)).toBe(codec().hasForm(broken, 0, broken.length, -1))
    }
  })

  it('is not fooled when the buffer of a known answer is overwritten', () => {
    const once = codec()
    const reused = Buffer.from(good())
    expect(once.hasForm(reused, 0, reused.length, -1)).toBe(true)
    reused.fill(0)
    expect(once.hasForm(reused, 0, reused.length, -1)).toBe(false)
  })

  it('agrees with decode and never throws on mutated or random bytes', () => {
    const known = good()
    const mutation = fc.array(fc.tuple(fc.nat(known.length - 1), fc.nat(255)), { maxLength: 3 }).map((changes) => {
      const bytes = Buffer.from(known)
      for (const [index, value] of changes) bytes[index] = value
      return bytes
    })
    const cut = fc.nat(known.length).map((length) => known.subarray(0, length))
    const once = codec()
    fc.assert(
      fc.property(fc.oneof(mutation, cut, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        const decoded = once.decode(bytes, 0, bytes.length, -1)
        expect(once.hasForm(bytes, 0, bytes.length, -1)).toBe(decoded.ok)
      }),
      { numRuns: 8000, seed: 5 },
    )
  })
})
