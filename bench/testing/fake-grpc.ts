// The fake server over gRPC: node:http2 and protobufjs, so that neither framing nor messages are read by our own code.
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { fileURLToPath } from 'node:url'
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader'
import { bytesOfFloats, floats } from './fake-http.ts'
import { type FakeInference, type FakeReply, GARBAGE } from './fake-inference.ts'

const PROTO = fileURLToPath(new URL('../protocol/kserve.proto', import.meta.url))
const service = loadSync(PROTO, { keepCase: true, longs: Number })[
  'inference.GRPCInferenceService'
] as ServiceDefinition

/** gRPC's own codes for the HTTP statuses that tests use; 2 is UNKNOWN. */
const CODE_BY_STATUS: Readonly<Record<number, number>> = { 400: 3, 404: 5, 429: 8, 500: 13, 503: 14, 504: 4 }
const PREFIX_BYTES = 5

interface InferRequest {
  readonly model_name: string
  readonly inputs: readonly { readonly contents: { readonly fp32_contents: readonly number[] } | null }[]
  readonly raw_input_contents: readonly Buffer[]
}

export function fakeGrpcServer(inference: FakeInference): Http2Server {
  const { mostStreams } = inference.options
  const server = createServer(mostStreams === undefined ? {} : { settings: { maxConcurrentStreams: mostStreams } })
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    // A client that gives up resets its stream; that is its right.
    stream.on('error', () => stream.destroy())
    if (String(headers[':path']).endsWith('/ModelStreamInfer')) {
      serveStream(stream, inference)
      return
    }
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => route(stream, String(headers[':path']), Buffer.concat(chunks), inference))
  })
  return server
}

function route(stream: ServerHttp2Stream, path: string, body: Buffer, inference: FakeInference): void {
  const method = path.split('/').at(-1) ?? ''
  const definition = service[method]
  if (definition === undefined) sendStatus(stream, 12)
  else if (method === 'ModelInfer')
    infer(stream, definition.requestDeserialize(message(body)) as InferRequest, inference)
  else sendMessage(stream, definition.responseSerialize({ live: true, ready: true }))
}

/** Each message is answered when it comes, over a stream that stays open; a status ends it. */
function serveStream(stream: ServerHttp2Stream, inference: FakeInference): void {
  const definition = service.ModelStreamInfer
  let pending = Buffer.alloc(0)
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  let status = 0
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(status) }))
  stream.on('end', () => stream.end())
  stream.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    const length = pending.length < PREFIX_BYTES ? Number.POSITIVE_INFINITY : pending.readUInt32BE(1)
    if (pending.length < PREFIX_BYTES + length) return
    const request = definition?.requestDeserialize(pending.subarray(PREFIX_BYTES)) as InferRequest
    pending = pending.subarray(PREFIX_BYTES + length)
    inference.infer(floats(request.raw_input_contents[0] ?? Buffer.alloc(0)), (reply) => {
      if (stream.destroyed) return
      if (reply.kind === 'status') {
        status = CODE_BY_STATUS[reply.status] ?? 2
        stream.end()
        return
      }
      stream.write(prefixed(streamMessageOf(reply, request.model_name)))
      if (inference.options.closeAfterEach) stream.session?.close()
    })
  })
}

function streamMessageOf(reply: Exclude<FakeReply, { kind: 'status' }>, model: string): Buffer {
  if (reply.kind !== 'outputs') return messageOf(reply, model)
  return service.ModelStreamInfer?.responseSerialize({ infer_response: answerOf(reply, model) }) ?? Buffer.alloc(0)
}

function message(body: Buffer): Buffer {
  return body.subarray(PREFIX_BYTES)
}

function infer(stream: ServerHttp2Stream, request: InferRequest, inference: FakeInference): void {
  const values = request.inputs[0]?.contents?.fp32_contents ?? []
  const raw = request.raw_input_contents[0]
  inference.infer(raw === undefined ? values : floats(raw), (reply) => {
    if (stream.destroyed) return
    if (reply.kind === 'status') sendStatus(stream, CODE_BY_STATUS[reply.status] ?? 2)
    else sendMessage(stream, messageOf(reply, request.model_name))
    // GOAWAY: the last stream is finished, the next needs a new connection.
    if (inference.options.closeAfterEach) stream.session?.close()
  })
}

function messageOf(reply: Exclude<FakeReply, { kind: 'status' }>, model: string): Buffer {
  if (reply.kind === 'garbage') return GARBAGE
  if (reply.kind === 'empty') return Buffer.alloc(0)
  return service.ModelInfer?.responseSerialize(answerOf(reply, model)) ?? Buffer.alloc(0)
}

function answerOf({ outputs }: Extract<FakeReply, { kind: 'outputs' }>, model: string): object {
  return {
    model_name: model,
    model_version: '1',
    outputs: [{ name: 'output_0', datatype: 'FP32', shape: [outputs.length, 1] }],
    raw_output_contents: [bytesOfFloats(outputs)],
  }
}

function sendMessage(stream: ServerHttp2Stream, message: Buffer): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(prefixed(message))
}

function prefixed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

function sendStatus(stream: ServerHttp2Stream, code: number): void {
  const fault = { 'grpc-status': String(code), 'grpc-message': `a fault of status ${code}` }
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...fault }, { endStream: true })
}
