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
  const server = createServer()
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    // A client that gives up resets its stream; that is its right.
    stream.on('error', () => stream.destroy())
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
  const answer = {
    model_name: model,
    model_version: '1',
    outputs: [{ name: 'output_0', datatype: 'FP32', shape: [reply.outputs.length, 1] }],
    raw_output_contents: [bytesOfFloats(reply.outputs)],
  }
  return service.ModelInfer?.responseSerialize(answer) ?? Buffer.alloc(0)
}

function sendMessage(stream: ServerHttp2Stream, message: Buffer): void {
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt32BE(message.length, 1)
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(Buffer.concat([prefix, message]))
}

function sendStatus(stream: ServerHttp2Stream, code: number): void {
  const fault = { 'grpc-status': String(code), 'grpc-message': `a fault of status ${code}` }
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...fault }, { endStream: true })
}
