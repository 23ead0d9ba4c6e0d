import { expect, it } from 'vitest'
import { makeCodec } from '../protocol/codec.ts'
import type { Datatype, ModelSpec } from '../scenario/types.ts'
import { calibrationAnswer } from './answers.ts'

const model = (datatype: Datatype, shape: readonly number[]): ModelSpec => ({
  name: 'm',
  version: null,
  inputs: [{ name: 'in', datatype: 'FP32', shape: [4] }],
  outputs: [{ name: 'out', datatype, shape }],
  maxBatchSize: null,
})

const CHOICES = {
  flask: { api: 'flask', protocol: 'http', tensors: 'json' },
  'KServe JSON': { api: 'kserve', protocol: 'http', tensors: 'json' },
  'KServe binary': { api: 'kserve', protocol: 'http', tensors: 'binary' },
  gRPC: { api: 'kserve', protocol: 'grpc', tensors: 'binary' },
  'gRPC stream': { api: 'kserve', protocol: 'grpc', tensors: 'binary', streaming: true },
} as const

it.each(Object.keys(CHOICES) as (keyof typeof CHOICES)[])('%s: the load path accepts the answer as good', (name) => {
  const choice = CHOICES[name]
  const kinds: [Datatype, number[]][] =
    name === 'flask'
      ? [['FP32', [1]]]
      : [
          ['FP32', [1]],
          ['INT64', [2, 3]],
          ['UINT8', [5]],
        ]
  for (const [datatype, shape] of kinds) {
    for (const batchSize of [1, 2, 8]) {
      const spec = model(datatype, shape)
      const { bytes, headerBytes } = calibrationAnswer(choice, spec, batchSize)
      const codec = makeCodec(choice, spec, batchSize)
      expect(codec.decode(bytes, 0, bytes.length, headerBytes ?? -1)).toMatchObject({ ok: true })
      expect(codec.hasForm(bytes, 0, bytes.length, headerBytes ?? -1)).toBe(true)
    }
  }
})
