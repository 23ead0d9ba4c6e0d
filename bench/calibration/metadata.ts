// What clients ask a KServe v2 server before they load it: readiness, metadata and configuration, over HTTP and gRPC.
import { ProtobufWriter, varintBytes } from '../protocol/protobuf.ts'
import type { Datatype, ModelSpec, TensorSpec } from '../scenario/types.ts'

const SERVER = { name: 'dyno-calibration', version: '1' } as const
const PLATFORM = 'calibration'
const MAX_BATCH_SIZE = 1024

/** JSON of a GET, `null` for a path that there is not; an empty object means an empty body. */
export function httpPage(path: string, model: ModelSpec): object | null {
  if (path === '/health') return { status: 'healthy', model_loaded: true }
  if (path === '/v2' || path === '/v2/') return { ...SERVER, extensions: [] }
  if (/^\/v2\/health\/(?:ready|live)$/.test(path)) return {}
  const action = /^\/v2\/models\/[^/]+(?:\/versions\/[^/]+)?(\/ready|\/config)?$/.exec(path)
  if (action === null) return null
  if (action[1] === '/ready') return {}
  return action[1] === '/config' ? config(model) : metadata(model)
}

function metadata({ name, inputs, outputs }: ModelSpec): object {
  const described = (tensor: TensorSpec) => ({ ...tensor, shape: [-1, ...tensor.shape] })
  return { name, versions: ['1'], platform: PLATFORM, inputs: inputs.map(described), outputs: outputs.map(described) }
}

function config({ name, inputs, outputs }: ModelSpec): object {
  const described = ({ name, datatype, shape }: TensorSpec) => ({ name, data_type: `TYPE_${datatype}`, dims: shape })
  const tensors = { input: inputs.map(described), output: outputs.map(described) }
  return { name, platform: PLATFORM, backend: PLATFORM, max_batch_size: MAX_BATCH_SIZE, ...tensors }
}

/** Of Triton's model_config.proto. */
const DATA_TYPE: Readonly<Record<Datatype, number>> = { UINT8: 2, INT32: 8, INT64: 9, FP32: 11, FP64: 12 }

/** Answer of a gRPC method other than the inference itself; `null` for one that there is not. */
export function grpcPage(method: string, model: ModelSpec): Uint8Array | null {
  switch (method) {
    case 'ServerLive':
    case 'ServerReady':
    case 'ModelReady':
      return new ProtobufWriter().varint(1, 1).finish()
    case 'ServerMetadata':
      return new ProtobufWriter().text(1, SERVER.name).text(2, SERVER.version).finish()
    case 'ModelMetadata':
      return metadataMessage(model)
    case 'ModelConfig':
      return new ProtobufWriter().message(1, configMessage(model)).finish()
    default:
      return null
  }
}

function metadataMessage({ name, inputs, outputs }: ModelSpec): Uint8Array {
  const message = new ProtobufWriter().text(1, name).text(2, '1').text(3, PLATFORM)
  const described = (tensor: TensorSpec) =>
    new ProtobufWriter().text(1, tensor.name).text(2, tensor.datatype).bytes(3, shapeBytes(tensor.shape))
  for (const tensor of inputs) message.message(4, described(tensor))
  for (const tensor of outputs) message.message(5, described(tensor))
  return message.finish()
}

/** Packed int64s, the batch dimension first: −1 is written as 2^64 − 1. */
function shapeBytes(shape: readonly number[]): Uint8Array {
  const minusOne = Uint8Array.from([...Array<number>(9).fill(0xff), 0x01])
  return Buffer.concat([minusOne, ...shape.map(varintBytes)])
}

/** ModelConfig: name 1, platform 2, max_batch_size 4, input 5 { name 1, data_type 2, dims 4 }, output 6 { … 3 }, backend 17. */
function configMessage({ name, inputs, outputs }: ModelSpec): ProtobufWriter {
  const message = new ProtobufWriter().text(1, name).text(2, PLATFORM).varint(4, MAX_BATCH_SIZE)
  const described = (tensor: TensorSpec, dims: number) =>
    new ProtobufWriter().text(1, tensor.name).varint(2, DATA_TYPE[tensor.datatype]).packed(dims, tensor.shape)
  for (const tensor of inputs) message.message(5, described(tensor, 4))
  for (const tensor of outputs) message.message(6, described(tensor, 3))
  return message.text(17, PLATFORM)
}
