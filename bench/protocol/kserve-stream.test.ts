import { expect, it } from 'vitest'
import { calibrationAnswer } from '../calibration/answers.ts'
import type { ModelSpec } from '../scenario/types.ts'
import { kserveStreamCodec } from './kserve-stream.ts'
import { ProtobufWriter } from './protobuf.ts'

const MODEL: ModelSpec = {
  name: 'm',
  version: null,
  inputs: [{ name: 'in', datatype: 'FP32', shape: [4] }],
  outputs: [{ name: 'out', datatype: 'FP32', shape: [1] }],
  maxBatchSize: null,
}
const codec = kserveStreamCodec(MODEL, 2)
const unary = calibrationAnswer(
  { api: 'kserve', protocol: 'grpc', tensors: 'binary', streaming: false },
  MODEL,
  2,
).bytes
const judge = (bytes: Uint8Array) => ({
  hasForm: codec.hasForm(bytes, 0, bytes.length, -1),
  answer: codec.decode(bytes, 0, bytes.length, -1),
})

it('takes the answer out of its wrapper', () => {
  const { hasForm, answer } = judge(new ProtobufWriter().bytes(2, unary).finish())
  expect(hasForm).toBe(true)
  expect(answer).toMatchObject({ ok: true, outputs: [{ length: 2 }] })
})

it('hands on the error that the server reports in the message', () => {
  const bytes = new ProtobufWriter().text(1, 'batch size 9 is too large').message(2, new ProtobufWriter()).finish()
  const { hasForm, answer } = judge(bytes)
  expect(hasForm).toBe(false)
  expect(answer).toEqual({ ok: false, reason: 'the server says "batch size 9 is too large"' })
})

it.each([
  ['no message', new Uint8Array(0), 'the answer is empty'],
  ['noise', Uint8Array.of(0xff, 0xff), 'the answer is no well-formed protobuf message'],
])('refuses %s', (_, bytes, reason) => {
  expect(judge(bytes)).toEqual({ hasForm: false, answer: { ok: false, reason } })
})
