// The one request that every client sends, in the forms in which they take it, and the null server's answer to it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ApiChoice, type CalibrationAnswer, calibrationAnswer } from '../calibration/answers.ts'
import { makeInputs } from '../load/inputs.ts'
import { makeCodec } from '../protocol/codec.ts'
import { batchedShape, tensorToBytes, valuesOf } from '../protocol/tensors.ts'
import type { InputValues } from '../protocol/types.ts'
import type { ModelSpec } from '../scenario/types.ts'

const BATCH_SIZE = 1
const SEED = 42
/** Compression flag and length. */
const GRPC_PREFIX_BYTES = 5

export const MODEL: ModelSpec = {
  name: 'example_model',
  version: null,
  inputs: [{ name: 'keras_tensor', datatype: 'FP32', shape: [4] }],
  outputs: [{ name: 'output_0', datatype: 'FP32', shape: [1] }],
  maxBatchSize: null,
}

export interface RequestFiles {
  readonly path: string
  readonly bodyFile: string
  readonly messageFile: string
  readonly messageJsonFile: string
}

export function answerOf(protocol: 'http' | 'grpc'): CalibrationAnswer {
  return calibrationAnswer(choiceOf(protocol), MODEL, BATCH_SIZE)
}

export function writeRequest(protocol: 'http' | 'grpc', folder: string): RequestFiles {
  const codec = makeCodec(choiceOf(protocol), MODEL, BATCH_SIZE)
  const [inputs] = makeInputs({ model: MODEL, seed: SEED, batchSize: BATCH_SIZE, variants: 1 })
  if (inputs === undefined) throw new Error('there are no inputs')
  const message = codec.encode(inputs)
  const file = (name: string, content: string | Uint8Array) => {
    const path = join(folder, `${protocol}-${name}`)
    writeFileSync(path, content)
    return path
  }
  return {
    path: codec.path,
    bodyFile: file('body', protocol === 'http' ? message : Buffer.concat([prefixOf(message), message])),
    messageFile: file('message', message),
    messageJsonFile: file('message.json', JSON.stringify(messageJson(inputs))),
  }
}

function choiceOf(protocol: 'http' | 'grpc'): ApiChoice {
  return { api: 'kserve', protocol, tensors: 'json' }
}

function prefixOf(message: Uint8Array): Uint8Array {
  const prefix = Buffer.alloc(GRPC_PREFIX_BYTES)
  prefix.writeUInt32BE(message.length, 1)
  return prefix
}

/** A ModelInferRequest in protobuf's JSON: bytes in base 64, int64 as text. */
function messageJson(inputs: InputValues): object {
  const raw = MODEL.inputs.map((tensor, index) =>
    tensorToBytes(valuesOf(inputs, index, { tensor, batchSize: BATCH_SIZE }), tensor.datatype),
  )
  return {
    model_name: MODEL.name,
    inputs: MODEL.inputs.map((tensor) => ({
      name: tensor.name,
      datatype: tensor.datatype,
      shape: batchedShape(tensor, BATCH_SIZE).map(String),
    })),
    outputs: MODEL.outputs.map(({ name }) => ({ name })),
    raw_input_contents: raw.map((bytes) => Buffer.from(bytes).toString('base64')),
  }
}
