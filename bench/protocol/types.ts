// Tensors ↔ bytes: what every codec offers the load path. One codec per target, batch size and model.

/** Values of every input tensor of one request, in the order of the model's inputs; row-major, batch first. */
export type InputValues = readonly Float64Array[]

export type AnswerOutputs =
  /** Values of every output tensor, in the order of the model's outputs; row-major, batch first. */
  { readonly ok: true; readonly outputs: readonly Float64Array[] } | { readonly ok: false; readonly reason: string }

/**
 * An answer of a stream: the last one to its request, one before others, the mere end of those before it, or one to
 * another request.
 */
export type StreamPart = 'last' | 'more' | 'end' | 'stray'

export interface Codec {
  /** HTTP: path such as `/v2/models/m/infer`. gRPC: `/inference.GRPCInferenceService/ModelInfer`. */
  readonly path: string
  /** Extra HTTP request headers, lower case, without content-length. */
  readonly requestHeaders: Readonly<Record<string, string>>
  /** Body of one request (HTTP), or the protobuf message without its gRPC prefix. */
  encode(inputs: InputValues): Uint8Array
  /**
   * Says whether `bytes[start, end)` is a well-formed answer for this model and batch size: right tensor names, types,
   * shapes, byte counts. Called for every answer, so it must not allocate on its fast path.
   * @param headerLength `inference-header-content-length` of an HTTP answer, −1 where absent
   */
  hasForm(bytes: Uint8Array, start: number, end: number, headerLength: number): boolean
  /** Values of an answer. Never throws on hostile bytes. */
  decode(bytes: Uint8Array, start: number, end: number, headerLength: number): AnswerOutputs
  /** Streams only: what a message is to the request of that number, in the order of `encode`. Must not allocate. */
  partOf?(bytes: Uint8Array, start: number, end: number, request: number): StreamPart
}
