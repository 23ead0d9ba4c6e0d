// The walk over a ModelInferResponse: are all outputs of the model there, with the right type, shape and number of bytes?
import type { ModelSpec, TensorSpec } from '../scenario/types.ts'
import { valuesFromContents } from './kserve-grpc-tensor.ts'
import { ProtobufReader, WIRE } from './protobuf.ts'
import { batchedShape, elementCount, tensorBytes, tensorFromBytes } from './tensors.ts'

const RESPONSE = { outputs: 5, rawOutputContents: 6 } as const
const TENSOR = { name: 1, datatype: 2, shape: 3, contents: 5 } as const
const MOST_DIMENSIONS = 16
/** Bounds what a hostile answer may hold. */
const MOST_OUTPUTS = 1024

/** Where one output lies in the answer's bytes. */
export interface OutputSpan {
  readonly isRaw: boolean
  readonly start: number
  readonly end: number
}

/** Spans of the outputs in the model's order, or what is wrong. */
export type AnswerWalk =
  | { readonly ok: true; readonly spans: readonly OutputSpan[] }
  | { readonly ok: false; readonly reason: string }

interface FoundTensor {
  name: string
  datatype: string
  shape: number[]
  /** −1 if it has no typed contents. */
  contentsStart: number
  contentsEnd: number
}

class WrongAnswer extends Error {}

export class AnswerWalker {
  readonly #model: ModelSpec
  readonly #batchSize: number
  readonly #message = new ProtobufReader()
  readonly #tensor = new ProtobufReader()
  readonly #packed = new ProtobufReader()

  constructor(model: ModelSpec, batchSize: number) {
    this.#model = model
    this.#batchSize = batchSize
  }

  /** Never throws on hostile bytes, never reads outside of `bytes[start, end)`. */
  walk(bytes: Uint8Array, start: number, end: number): AnswerWalk {
    try {
      return { ok: true, spans: this.#spans(bytes, start, end) }
    } catch (error) {
      if (error instanceof WrongAnswer) return { ok: false, reason: error.message }
      throw error
    }
  }

  /** Values of a span that `walk` gave for model output number `index`; `null` when its typed contents are wrong. */
  values(bytes: Uint8Array, span: OutputSpan, index: number): Float64Array | null {
    const spec = this.#model.outputs[index]
    if (spec === undefined) return null
    if (span.isRaw) return tensorFromBytes(bytes, span.start, span.end, spec.datatype)
    this.#tensor.reset(bytes, span.start, span.end)
    return valuesFromContents(spec.datatype, this.#elements(spec), this.#tensor, this.#packed)
  }

  #elements(spec: TensorSpec): number {
    return this.#batchSize * elementCount(spec.shape)
  }

  #spans(bytes: Uint8Array, start: number, end: number): OutputSpan[] {
    const tensors: FoundTensor[] = []
    const raws: OutputSpan[] = []
    const message = this.#message
    message.reset(bytes, start, end)
    while (message.next()) {
      const isBytes = message.wireType === WIRE.bytes
      if (isBytes && message.field === RESPONSE.outputs) {
        tensors.push(this.#foundTensor(bytes, message.valueStart, message.valueEnd))
      } else if (isBytes && message.field === RESPONSE.rawOutputContents) {
        raws.push({ isRaw: true, start: message.valueStart, end: message.valueEnd })
      }
      // Outputs that the model is not said to have are allowed and ignored, as over JSON; a flood of them is not.
      if (tensors.length > MOST_OUTPUTS || raws.length > MOST_OUTPUTS) {
        throw new WrongAnswer(`the answer has more than ${MOST_OUTPUTS} outputs`)
      }
    }
    if (message.failed) throw new WrongAnswer('the answer is no well-formed protobuf message')
    return this.#model.outputs.map((spec, index) => this.#span(spec, index, tensors, raws, bytes))
  }

  #span(
    spec: TensorSpec,
    index: number,
    tensors: readonly FoundTensor[],
    raws: readonly OutputSpan[],
    bytes: Uint8Array,
  ): OutputSpan {
    const position = tensors.findIndex((tensor) => tensor.name === spec.name)
    const tensor = tensors[position]
    if (tensor === undefined) throw new WrongAnswer(`the answer has no output ${spec.name}`)
    if (tensors.some((other, at) => at > position && other.name === spec.name)) {
      throw new WrongAnswer(`the answer has the output ${spec.name} twice`)
    }
    if (tensor.datatype !== spec.datatype) {
      throw new WrongAnswer(`${spec.name} is ${excerpt(tensor.datatype)}, expected ${spec.datatype}`)
    }
    const shape = batchedShape(spec, this.#batchSize).join(', ')
    if (tensor.shape.join(', ') !== shape) {
      throw new WrongAnswer(`${spec.name} has shape [${tensor.shape.join(', ')}], expected [${shape}]`)
    }
    return this.#contents(spec, index, tensor, raws[position], bytes)
  }

  #contents(
    spec: TensorSpec,
    index: number,
    tensor: FoundTensor,
    raw: OutputSpan | undefined,
    bytes: Uint8Array,
  ): OutputSpan {
    const expectedBytes = tensorBytes(spec, this.#batchSize)
    if (raw !== undefined) {
      const length = raw.end - raw.start
      if (length === expectedBytes) return raw
      throw new WrongAnswer(`${spec.name} has ${length} bytes, expected ${expectedBytes}`)
    }
    if (tensor.contentsStart === -1) throw new WrongAnswer(`${spec.name} has no contents`)
    const span = { isRaw: false, start: tensor.contentsStart, end: tensor.contentsEnd }
    if (this.values(bytes, span, index) !== null) return span
    throw new WrongAnswer(`${spec.name} does not have ${this.#elements(spec)} values of type ${spec.datatype}`)
  }

  #foundTensor(bytes: Uint8Array, start: number, end: number): FoundTensor {
    const found: FoundTensor = { name: '', datatype: '', shape: [], contentsStart: -1, contentsEnd: -1 }
    const tensor = this.#tensor
    tensor.reset(bytes, start, end)
    while (tensor.next()) {
      if (tensor.field === TENSOR.shape) this.#appendShape(found.shape)
      if (tensor.wireType !== WIRE.bytes) continue
      if (tensor.field === TENSOR.name) found.name = text(bytes, tensor.valueStart, tensor.valueEnd)
      else if (tensor.field === TENSOR.datatype) found.datatype = text(bytes, tensor.valueStart, tensor.valueEnd)
      else if (tensor.field === TENSOR.contents) {
        found.contentsStart = tensor.valueStart
        found.contentsEnd = tensor.valueEnd
      }
    }
    if (tensor.failed) throw new WrongAnswer('an output is no well-formed protobuf message')
    return found
  }

  /** The dimension or the packed dimensions at which the tensor's reader stands. */
  #appendShape(shape: number[]): void {
    const tensor = this.#tensor
    if (tensor.wireType === WIRE.varint) shape.push(tensor.signed)
    if (tensor.wireType === WIRE.bytes) {
      this.#packed.reset(tensor.bytes, tensor.valueStart, tensor.valueEnd)
      while (!this.#packed.atEnd && shape.length <= MOST_DIMENSIONS) {
        if (!this.#packed.varint()) throw new WrongAnswer('an output has a malformed shape')
        shape.push(this.#packed.signed)
      }
    }
    if (shape.length > MOST_DIMENSIONS) throw new WrongAnswer(`an output has over ${MOST_DIMENSIONS} dimensions`)
  }
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
}

function excerpt(hostile: string): string {
  return JSON.stringify(hostile.slice(0, 40))
}
