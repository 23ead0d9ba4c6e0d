// Every combination of api, protocol and tensors is either spoken or refused by name.
import { expect, it } from 'vitest'
import type { ModelSpec } from '../scenario/types.ts'
import { makeCodec } from './codec.ts'

const MODEL: ModelSpec = {
  name: 'm',
  version: null,
  maxBatchSize: null,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [4] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [1] }],
}

it.each([
  ['flask', 'http', 'json', '/predict', 'application/json'],
  ['kserve', 'http', 'json', '/v2/models/m/infer', 'application/json'],
  ['kserve', 'http', 'binary', '/v2/models/m/infer', 'application/octet-stream'],
] as const)('speaks %s over %s with %s tensors', (api, protocol, tensors, path, contentType) => {
  const codec = makeCodec({ api, protocol, tensors }, MODEL, 2)
  expect([codec.path, codec.requestHeaders['content-type']]).toEqual([path, contentType])
})

it('speaks gRPC whatever the tensors are said to be', () => {
  for (const tensors of ['json', 'binary'] as const) {
    const codec = makeCodec({ api: 'kserve', protocol: 'grpc', tensors }, MODEL, 2)
    expect(codec.path).toBe('/inference.GRPCInferenceService/ModelInfer')
  }
})

it.each([
  ['grpc', 'json'],
  ['http', 'binary'],
] as const)('refuses flask over %s with %s tensors', (protocol, tensors) => {
  expect(() => makeCodec({ api: 'flask', protocol, tensors }, MODEL, 1)).toThrow(
    `over ${protocol} with ${tensors} tensors`,
  )
})
