// KServe v2 over gRPC: tensors ↔ ModelInferRequest and ModelInferResponse, with raw little-endian contents.
import type { ModelSpec } from '../scenario/types.ts'
import { AnswerWalker } from './kserve-grpc-answer.ts'
import { ProtobufWriter } from './protobuf.ts'
import { batchedShape, tensorToBytes, valuesOf } from './tensors.ts'
import type { AnswerOutputs, Codec, InputValues } from './types.ts'

const MODEL_INFER_PATH = '/inference.GRPCInferenceService/ModelInfer'
/** Answers whose frame around the tensors is larger than this are walked every time. */
const LARGEST_SKELETON_BYTES = 4096

/** Everything but the tensors of an answer that was walked and found right. */
interface Skeleton {
  readonly totalBytes: number
  /** The stretches between the tensors, each `bytes` at `offset`. */
  readonly parts: readonly { readonly offset: number; readonly bytes: Uint8Array }[]
}

/** Codec of `ModelInfer` for one model and batch size; messages come without gRPC's 5-byte prefix. */
export function kserveGrpcCodec(model: ModelSpec, batchSize: number): Codec {
  const walker = new AnswerWalker(model, batchSize)
  let skeleton: Skeleton | null = null
  return {
    path: MODEL_INFER_PATH,
    requestHeaders: {},
    encode: (inputs) => encodeRequest(model, batchSize, inputs),
    hasForm(bytes, start, end) {
      if (skeleton !== null && fits(skeleton, bytes, start, end)) return true
      const walked = walker.walk(bytes, start, end)
      if (!walked.ok) return false
      if (walked.spans.every((span) => span.isRaw)) skeleton = skeletonOf(bytes, start, end, walked.spans) ?? skeleton
      return true
    },
    decode(bytes, start, end): AnswerOutputs {
      const walked = walker.walk(bytes, start, end)
      if (!walked.ok) return walked
      const outputs: Float64Array[] = []
      for (const [index, span] of walked.spans.entries()) {
        const values = walker.values(bytes, span, index)
        if (values === null) return { ok: false, reason: `output ${index} has no values` }
        outputs.push(values)
      }
      return { ok: true, outputs }
    },
  }
}

function encodeRequest(model: ModelSpec, batchSize: number, inputs: InputValues): Uint8Array {
  const request = new ProtobufWriter().text(1, model.name)
  if (model.version !== null) request.text(2, model.version)
  for (const tensor of model.inputs) {
    const { name, datatype } = tensor
    request.message(5, new ProtobufWriter().text(1, name).text(2, datatype).packed(3, batchedShape(tensor, batchSize)))
  }
  for (const { name } of model.outputs) request.message(6, new ProtobufWriter().text(1, name))
  for (const [index, tensor] of model.inputs.entries()) {
    request.bytes(7, tensorToBytes(valuesOf(inputs, index, { tensor, batchSize }), tensor.datatype))
  }
  return request.finish()
}

/** Equal bytes around the tensors mean equal names, types, shapes and lengths. */
function fits(skeleton: Skeleton, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== skeleton.totalBytes || start < 0 || end > bytes.length) return false
  for (let index = 0; index < skeleton.parts.length; index++) {
    const part = skeleton.parts[index]
    if (part === undefined) return false
    const base = start + part.offset
    for (let offset = 0; offset < part.bytes.length; offset++) {
      if (bytes[base + offset] !== part.bytes[offset]) return false
    }
  }
  return true
}

function skeletonOf(
  bytes: Uint8Array,
  start: number,
  end: number,
  tensors: readonly { readonly start: number; readonly end: number }[],
): Skeleton | null {
  const parts: { offset: number; bytes: Uint8Array }[] = []
  let position = start
  let sizeBytes = 0
  const ends = [...tensors].sort((left, right) => left.start - right.start)
  for (const tensor of [...ends, { start: end, end }]) {
    parts.push({ offset: position - start, bytes: new Uint8Array(bytes.subarray(position, tensor.start)) })
    sizeBytes += tensor.start - position
    position = tensor.end
  }
  return sizeBytes <= LARGEST_SKELETON_BYTES ? { totalBytes: end - start, parts } : null
}
