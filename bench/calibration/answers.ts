// The bytes of a good answer for a model and batch size, by API: what the built-in servers answer with.
import { ProtobufWriter } from '../protocol/protobuf.ts'
import { batchedShape, elementCount, tensorToBytes } from '../protocol/tensors.ts'
import type { ModelSpec, TargetSpec, TensorSpec } from '../scenario/types.ts'

export type ApiChoice = Pick<TargetSpec, 'api' | 'protocol' | 'tensors'> & Partial<Pick<TargetSpec, 'streaming'>>

/** Plain data: it travels to the server's process. */
export interface CalibrationAnswer {
  readonly model: ModelSpec
  /** HTTP body, or gRPC message without its prefix. */
  readonly bytes: Uint8Array
  /** `inference-header-content-length`; `null` where the answer has none. */
  readonly headerBytes: number | null
}

/** Long enough in decimal to be no easier to read than a real output. */
const OUTPUT = 0.7310585975646973

/** All outputs have the same value: the load path checks their form, and no values without a reference. */
export function calibrationAnswer(choice: ApiChoice, model: ModelSpec, batchSize: number): CalibrationAnswer {
  if (choice.api === 'flask') return { model, bytes: flaskAnswer(batchSize), headerBytes: null }
  if (choice.protocol === 'grpc') {
    const unary = grpcAnswer(model, batchSize)
    // ModelStreamInferResponse: error_message 1, infer_response 2.
    const bytes = choice.streaming === true ? new ProtobufWriter().bytes(2, unary).finish() : unary
    return { model, bytes, headerBytes: null }
  }
  if (choice.tensors === 'json') {
    const data = (tensor: TensorSpec) => ({ data: Array.from(valuesOf(tensor, batchSize)) })
    return { model, bytes: kserveDocument(model, batchSize, data), headerBytes: null }
  }
  const tensors = model.outputs.map((tensor) => tensorToBytes(valuesOf(tensor, batchSize), tensor.datatype))
  const sizes = new Map(model.outputs.map(({ name }, index) => [name, tensors[index]?.length ?? 0]))
  const header = kserveDocument(model, batchSize, ({ name }) => ({ parameters: { binary_data_size: sizes.get(name) } }))
  return { model, bytes: Buffer.concat([header, ...tensors]), headerBytes: header.length }
}

function valuesOf({ datatype, shape }: TensorSpec, batchSize: number): Float64Array {
  const value = datatype.startsWith('FP') ? OUTPUT : Math.round(OUTPUT)
  return new Float64Array(batchSize * elementCount(shape)).fill(value)
}

function flaskAnswer(batchSize: number): Uint8Array {
  const row = { prediction: 1, confidence: OUTPUT, raw_output: OUTPUT }
  const listed = Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Array(batchSize).fill(value)]))
  return Buffer.from(JSON.stringify(batchSize === 1 ? row : listed))
}

function kserveDocument(model: ModelSpec, batchSize: number, contents: (tensor: TensorSpec) => object): Uint8Array {
  const outputs = model.outputs.map((tensor) => ({
    name: tensor.name,
    datatype: tensor.datatype,
    shape: batchedShape(tensor, batchSize),
    ...contents(tensor),
  }))
  return Buffer.from(JSON.stringify({ model_name: model.name, model_version: '1', outputs }))
}

/** ModelInferResponse: model_name 1, model_version 2, outputs 5 { name 1, datatype 2, shape 3 }, raw_output_contents 6. */
function grpcAnswer(model: ModelSpec, batchSize: number): Uint8Array {
  const answer = new ProtobufWriter().text(1, model.name).text(2, '1')
  for (const tensor of model.outputs) {
    const described = new ProtobufWriter().text(1, tensor.name).text(2, tensor.datatype)
    answer.message(5, described.packed(3, batchedShape(tensor, batchSize)))
  }
  for (const tensor of model.outputs) answer.bytes(6, tensorToBytes(valuesOf(tensor, batchSize), tensor.datatype))
  return answer.finish()
}
