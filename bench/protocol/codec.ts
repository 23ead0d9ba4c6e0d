// Which codec speaks a target's API over its protocol: the one list of the combinations that exist.
import { BenchError } from '../core/errors.ts'
import type { ModelSpec, TargetSpec } from '../scenario/types.ts'
import { flaskJsonCodec } from './flask-json.ts'
import { kserveBinaryCodec } from './kserve-binary.ts'
import { kserveGrpcCodec } from './kserve-grpc.ts'
import { kserveJsonCodec } from './kserve-json.ts'
import { kserveStreamCodec } from './kserve-stream.ts'
import type { Codec } from './types.ts'

type MakeCodec = (model: ModelSpec, batchSize: number) => Codec
type Choice = Pick<TargetSpec, 'api' | 'protocol' | 'tensors'> & Partial<Pick<TargetSpec, 'streaming'>>

/** gRPC is always binary, whatever `tensors` says. */
const CODECS = {
  flask: { http: { json: flaskJsonCodec, binary: null }, grpc: { json: null, binary: null } },
  kserve: {
    http: { json: kserveJsonCodec, binary: kserveBinaryCodec },
    grpc: { json: kserveGrpcCodec, binary: kserveGrpcCodec },
  },
} as const satisfies Record<Choice['api'], Record<Choice['protocol'], Record<Choice['tensors'], MakeCodec | null>>>

/** @throws BenchError `no-such-codec` for a combination that no server speaks, such as Flask over gRPC */
export function makeCodec(target: Choice, model: ModelSpec, batchSize: number): Codec {
  const isStream = target.streaming === true && target.api === 'kserve' && target.protocol === 'grpc'
  const make: MakeCodec | null = isStream ? kserveStreamCodec : CODECS[target.api][target.protocol][target.tensors]
  if (make !== null) return make(model, batchSize)
  throw new BenchError({
    kind: 'scenario',
    code: 'no-such-codec',
    message: `api ${target.api} cannot be spoken over ${target.protocol} with ${target.tensors} tensors`,
    hint: 'use api: kserve, or protocol: http with tensors: json',
  })
}
