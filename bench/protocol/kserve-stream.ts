// KServe v2 over a gRPC stream: the same requests as ModelInfer; answers in Triton's ModelStreamInferResponse, or as they are.
import type { ModelSpec } from '../scenario/types.ts'
import { kserveGrpcCodec } from './kserve-grpc.ts'
import { ProtobufReader, ProtobufWriter, WIRE } from './protobuf.ts'
import type { AnswerOutputs, Codec, StreamPart } from './types.ts'

const MODEL_STREAM_INFER_PATH = '/inference.GRPCInferenceService/ModelStreamInfer'
const WRAPPER = { errorMessage: 1, inferResponse: 2 } as const
const ANSWER = { id: 3, parameters: 4, outputs: 5, rawOutputContents: 6 } as const
const REQUEST = { id: 3, parameters: 4 } as const
const ENTRY = { key: 1, value: 2 } as const
const BOOL_PARAM = 1
const FINAL = Buffer.from('triton_final_response')
const MOST_ERROR_CHARS = 200
const MOST_ID_DIGITS = 9

/**
 * Codec of `ModelStreamInfer`. A server reports errors in the message, and the stream goes on. Requests carry their number
 * as their id. A decoupled model sends several answers to a request, the last one marked with `triton_final_response`, or
 * that mark alone behind them, which Triton sends to those who ask for it. Without the mark each answer is the only one.
 */
export function kserveStreamCodec(model: ModelSpec, batchSize: number): Codec {
  const unary = kserveGrpcCodec(model, batchSize)
  const span = new AnswerSpan()
  let requests = 0
  return {
    path: MODEL_STREAM_INFER_PATH,
    requestHeaders: {},
    encode(inputs) {
      const more = new ProtobufWriter()
        .text(REQUEST.id, String(requests++))
        .message(REQUEST.parameters, asksForTheEnd())
      return Buffer.concat([unary.encode(inputs), more.finish()])
    },
    hasForm(bytes, start, end) {
      return span.find(bytes, start, end) === null && unary.hasForm(bytes, span.start, span.end, -1)
    },
    decode(bytes, start, end): AnswerOutputs {
      const reason = span.find(bytes, start, end)
      return reason === null ? unary.decode(bytes, span.start, span.end, -1) : { ok: false, reason }
    },
    partOf(bytes, start, end, request): StreamPart {
      // An error is an end as well.
      return span.find(bytes, start, end) === null ? span.partOf(request) : 'last'
    },
  }
}

/** An entry of the request's parameters: `triton_enable_empty_final_response: { bool_param: true }`. */
function asksForTheEnd(): ProtobufWriter {
  const yes = new ProtobufWriter().varint(BOOL_PARAM, 1)
  return new ProtobufWriter().text(ENTRY.key, 'triton_enable_empty_final_response').message(ENTRY.value, yes)
}

/** Where the ModelInferResponse lies in an answer: inside of Triton's wrapper, or the whole of MLServer's. */
class AnswerSpan {
  start = 0
  end = 0
  #bytes: Uint8Array = FINAL
  readonly #outer = new ProtobufReader()
  readonly #inner = new ProtobufReader()
  readonly #value = new ProtobufReader()

  /** @returns why there is no answer; null where there is one */
  find(bytes: Uint8Array, start: number, end: number): string | null {
    const outer = this.#outer
    this.#bytes = bytes
    let error: string | null = null
    let isWrapped = false
    outer.reset(bytes, start, end)
    while (outer.next()) {
      // The wrapper has two fields; a bare answer has its outputs behind them.
      if (outer.field === ANSWER.outputs || outer.field === ANSWER.rawOutputContents) {
        this.start = start
        this.end = end
        return null
      }
      if (outer.wireType !== WIRE.bytes) continue
      if (outer.field === WRAPPER.inferResponse && !isWrapped) {
        isWrapped = true
        this.start = outer.valueStart
        this.end = outer.valueEnd
      } else if (outer.field === WRAPPER.errorMessage && outer.valueEnd > outer.valueStart) {
        const text = Buffer.from(bytes.subarray(outer.valueStart, outer.valueEnd)).toString('utf8')
        error = `the server says ${JSON.stringify(text.slice(0, MOST_ERROR_CHARS))}`
      }
    }
    if (outer.failed) return 'the answer is no well-formed protobuf message'
    return error ?? (isWrapped ? null : 'the answer is empty')
  }

  /** Call `find` first. */
  partOf(request: number): StreamPart {
    const inner = this.#inner
    let mark: boolean | null = null
    let hasOutputs = false
    inner.reset(this.#bytes, this.start, this.end)
    while (inner.next()) {
      if (inner.wireType !== WIRE.bytes) continue
      if (inner.field === ANSWER.outputs) hasOutputs = true
      if (inner.field === ANSWER.id && this.#isOther(inner.valueStart, inner.valueEnd, request)) return 'stray'
      if (inner.field === ANSWER.parameters) mark = this.#finalMark(inner.valueStart, inner.valueEnd) ?? mark
    }
    if (mark === false) return 'more'
    return mark === true && !hasOutputs ? 'end' : 'last'
  }

  /** Only a number can be the id of a request of ours: servers that make ids of their own write others. */
  #isOther(start: number, end: number, request: number): boolean {
    if (start === end || end - start > MOST_ID_DIGITS) return false
    let id = 0
    for (let at = start; at < end; at++) {
      const digit = (this.#bytes[at] as number) - 0x30
      if (digit < 0 || digit > 9) return false
      id = id * 10 + digit
    }
    return id !== request
  }

  /** What an entry `triton_final_response: { bool_param: … }` says; null for another entry. */
  #finalMark(start: number, end: number): boolean | null {
    const entry = this.#value
    let isFinalKey = false
    let isTrue = false
    entry.reset(this.#bytes, start, end)
    while (entry.next()) {
      if (entry.wireType !== WIRE.bytes) continue
      const { valueStart, valueEnd } = entry
      if (entry.field === ENTRY.key) isFinalKey = equals(this.#bytes, valueStart, valueEnd, FINAL)
      else if (entry.field === ENTRY.value) isTrue = isTrueParameter(this.#bytes, valueStart, valueEnd)
    }
    return isFinalKey ? isTrue : null
  }
}

/** InferParameter { bool_param: 1 }, the only field that is looked for: two bytes. */
function isTrueParameter(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= 2 && bytes[start] === BOOL_PARAM * 8 + WIRE.varint && bytes[start + 1] === 1
}

function equals(bytes: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  if (end - start !== text.length) return false
  for (let at = 0; at < text.length; at++) if (bytes[start + at] !== text[at]) return false
  return true
}
