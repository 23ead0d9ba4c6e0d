// KServe v2 over a gRPC stream: the same requests as ModelInfer, answers wrapped in ModelStreamInferResponse.
import type { ModelSpec } from '../scenario/types.ts'
import { kserveGrpcCodec } from './kserve-grpc.ts'
import { ProtobufReader, WIRE } from './protobuf.ts'
import type { AnswerOutputs, Codec } from './types.ts'

const MODEL_STREAM_INFER_PATH = '/inference.GRPCInferenceService/ModelStreamInfer'
const WRAPPER = { errorMessage: 1, inferResponse: 2 } as const
const MOST_ERROR_CHARS = 200

/** Codec of `ModelStreamInfer`. A server reports errors in the message, and the stream goes on. */
export function kserveStreamCodec(model: ModelSpec, batchSize: number): Codec {
  const unary = kserveGrpcCodec(model, batchSize)
  const wrapper = new ProtobufReader()
  /** The reader stands at the wrapped answer; else why there is none. */
  const unwrap = (bytes: Uint8Array, start: number, end: number): string | null => {
    wrapper.reset(bytes, start, end)
    while (wrapper.next()) {
      if (wrapper.wireType !== WIRE.bytes) continue
      if (wrapper.field === WRAPPER.inferResponse) return null
      if (wrapper.field === WRAPPER.errorMessage && wrapper.valueEnd > wrapper.valueStart) {
        const text = Buffer.from(bytes.subarray(wrapper.valueStart, wrapper.valueEnd)).toString('utf8')
        return `the server says ${JSON.stringify(text.slice(0, MOST_ERROR_CHARS))}`
      }
    }
    return wrapper.failed ? 'the answer is no well-formed protobuf message' : 'the answer is empty'
  }
  return {
    path: MODEL_STREAM_INFER_PATH,
    requestHeaders: {},
    encode: (inputs) => unary.encode(inputs),
    hasForm(bytes, start, end) {
      return unwrap(bytes, start, end) === null && unary.hasForm(bytes, wrapper.valueStart, wrapper.valueEnd, -1)
    },
    decode(bytes, start, end): AnswerOutputs {
      const reason = unwrap(bytes, start, end)
      return reason === null ? unary.decode(bytes, wrapper.valueStart, wrapper.valueEnd, -1) : { ok: false, reason }
    },
  }
}
