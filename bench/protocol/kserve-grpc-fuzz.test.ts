// Mutated messages: what is read of them depends on nothing around them, and on nothing that was read before.
import { expect, it } from 'vitest'
import { seededRandom } from '../core/random.ts'
import { GuardedReads } from '../fuzz/guarded-reads.ts'
import { mutated } from '../fuzz/mutate.ts'
import type { ModelSpec } from '../scenario/types.ts'
import { kserveGrpcCodec } from './kserve-grpc.ts'
import { ProtobufWriter } from './protobuf.ts'

const MODEL: ModelSpec = {
  name: 'm',
  version: null,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [4] }],
  outputs: [
    { name: 'y', datatype: 'FP32', shape: [2] },
    { name: 'label', datatype: 'INT64', shape: [1] },
  ],
  maxBatchSize: null,
}
const BATCH_SIZE = 2
const INPUTS = 4000

const tensor = (name: string, datatype: string, shape: readonly number[]) =>
  new ProtobufWriter().text(1, name).text(2, datatype).packed(3, shape)
const floats = new Uint8Array(Float32Array.of(0.25, -1, 3, 4).buffer)
const labels = new Uint8Array(BigInt64Array.of(7n, -1n).buffer)
const SEEDS = [
  new ProtobufWriter()
    .text(1, 'm')
    .message(5, tensor('y', 'FP32', [2, 2]))
    .message(5, tensor('label', 'INT64', [2, 1]))
    .bytes(6, floats)
    .bytes(6, labels)
    .finish(),
  new ProtobufWriter()
    .message(5, tensor('label', 'INT64', [2, 1]).message(5, new ProtobufWriter().packed(3, [5, 300])))
    .message(5, tensor('y', 'FP32', [2, 2]).message(5, new ProtobufWriter().bytes(6, floats)))
    .finish(),
]

it('reads mutated answers alike amid zeros, ones and what was read before', () => {
  const random = seededRandom(17, 'kserve answers')
  const codec = kserveGrpcCodec(MODEL, BATCH_SIZE)
  const surroundings = ([0x00, 0xff, 'stale'] as const).map((around, start) => new GuardedReads(around, 4096, start))
  let accepted = 0
  for (let input = 0; input < INPUTS; input++) {
    const seed = SEEDS[random.below(SEEDS.length)] ?? new Uint8Array(0)
    const bytes = random.below(8) === 0 ? seed : mutated(seed, random)
    const read = new Set<string>()
    for (const reads of surroundings) {
      reads.deliver(bytes, [], (end) => {
        const answer = codec.decode(reads.buffer, reads.start, end, -1)
        const text = answer.ok ? answer.outputs.map((values) => values.join()).join(';') : answer.reason
        read.add(`${codec.hasForm(reads.buffer, reads.start, end, -1)} ${text}`)
        if (answer.ok) accepted++
        return true
      })
    }
    if (read.size !== 1) expect.fail(`${Buffer.from(bytes).toString('hex')}: ${[...read].join(' | ')}`)
  }
  expect(accepted).toBeGreaterThan(INPUTS / 10)
  expect(accepted).toBeLessThan(2.5 * INPUTS)
})
