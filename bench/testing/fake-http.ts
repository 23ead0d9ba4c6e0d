// The fake server over HTTP: Flask's API, and KServe v2 with JSON and binary tensors, as the real servers speak them.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type FakeInference, type FakeReply, GARBAGE, INPUTS_PER_ROW } from './fake-inference.ts'

const HEADER_LENGTH = 'inference-header-content-length'

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: Buffer
  readonly inference: FakeInference
}

export function fakeHttpServer(inference: FakeInference): Server {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => route({ request, response, body: Buffer.concat(chunks), inference }))
  })
  // Idle connections stay open between phases, as with the real servers.
  server.keepAliveTimeout = 0
  return server
}

function route(exchange: Exchange): void {
  const path = exchange.request.url ?? ''
  const model = /^\/v2\/models\/([^/]+)(?:\/versions\/[^/]+)?(\/infer|\/ready|\/stats)?$/.exec(path)
  if (model !== null) routeModel(exchange, decodeURIComponent(model[1] ?? ''), model[2])
  else if (path === '/predict') predict(exchange)
  else if (path === '/health') sendJson(exchange, 200, { status: 'healthy', model_loaded: true })
  else if (path === '/v2') sendJson(exchange, 200, { name: 'fake', version: '1.0.0', extensions: [] })
  else if (path === '/v2/health/ready' || path === '/v2/health/live') send(exchange, 200, '')
  else sendJson(exchange, 404, { error: `there is nothing at ${path}` })
}

function routeModel(exchange: Exchange, model: string, action: string | undefined): void {
  if (action === '/infer') infer(exchange, model)
  else if (action === '/ready') send(exchange, 200, '')
  else if (action === '/stats') sendJson(exchange, 200, statistics(model, exchange.inference))
  else sendJson(exchange, 200, metadata(model))
}

function predict(exchange: Exchange): void {
  const features = JSON.parse(exchange.body.toString()).features as number[] | number[][]
  const isBatch = Array.isArray(features[0])
  exchange.inference.infer(features.flat(), (reply) => {
    if (reply.kind !== 'outputs') {
      sendFault(exchange, reply)
      return
    }
    const columns = {
      prediction: reply.outputs.map((output) => (output > 0.5 ? 1 : 0)),
      confidence: reply.outputs.map((output) => Math.max(output, 1 - output)),
      raw_output: reply.outputs,
    }
    const scalars = Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[0]]))
    answer(exchange, Buffer.from(JSON.stringify(isBatch ? columns : scalars)))
  })
}

interface KserveRequest {
  readonly inputs: readonly { readonly data?: readonly number[] }[]
  readonly outputs?: readonly { readonly parameters?: { readonly binary_data?: boolean } }[]
}

function infer(exchange: Exchange, model: string): void {
  const headerLength = Number(exchange.request.headers[HEADER_LENGTH] ?? exchange.body.length)
  const header = JSON.parse(exchange.body.subarray(0, headerLength).toString()) as KserveRequest
  const isBinary = header.outputs?.[0]?.parameters?.binary_data === true
  exchange.inference.infer(header.inputs[0]?.data ?? floats(exchange.body.subarray(headerLength)), (reply) => {
    if (reply.kind !== 'outputs') {
      sendFault(exchange, reply)
      return
    }
    const output = { name: 'output_0', datatype: 'FP32', shape: [reply.outputs.length, 1] }
    const document = (tensor: object) =>
      Buffer.from(JSON.stringify({ model_name: model, model_version: '1', outputs: [{ ...output, ...tensor }] }))
    if (!isBinary) {
      answer(exchange, document({ data: reply.outputs }))
      return
    }
    const tensor = bytesOfFloats(reply.outputs)
    const head = document({ parameters: { binary_data_size: tensor.length } })
    answer(exchange, Buffer.concat([head, tensor]), head.length)
  })
}

function sendFault(exchange: Exchange, reply: Exclude<FakeReply, { kind: 'outputs' }>): void {
  if (reply.kind === 'status') sendJson(exchange, reply.status, { error: `a fault of status ${reply.status}` })
  else answer(exchange, reply.kind === 'garbage' ? GARBAGE : Buffer.alloc(0))
}

function answer(exchange: Exchange, body: Buffer, headerLength?: number): void {
  const { response } = exchange
  if (headerLength !== undefined) response.setHeader(HEADER_LENGTH, headerLength)
  response.setHeader('content-type', headerLength === undefined ? 'application/json' : 'application/octet-stream')
  send(exchange, 200, body)
}

function sendJson(exchange: Exchange, status: number, document: object): void {
  exchange.response.setHeader('content-type', 'application/json')
  send(exchange, status, Buffer.from(JSON.stringify(document)))
}

function send({ response, inference }: Exchange, status: number, body: Buffer | string): void {
  if (inference.options.closeAfterEach) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-length': body.length }).end(body)
}

export function floats(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(index * 4, true))
}

export function bytesOfFloats(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes
}

function metadata(name: string): object {
  return {
    name,
    versions: ['1'],
    platform: 'fake',
    inputs: [{ name: 'keras_tensor', datatype: 'FP32', shape: [-1, INPUTS_PER_ROW] }],
    outputs: [{ name: 'output_0', datatype: 'FP32', shape: [-1, 1] }],
  }
}

/** Triton's statistics extension; every request spends 10, 20, 50 and 5 µs in the four stages. */
function statistics(name: string, { successes, failures, inferences }: FakeInference): object {
  const timed = (count: number, eachNs: number) => ({ count, ns: count * eachNs })
  return {
    model_stats: [
      {
        name,
        version: '1',
        inference_count: inferences,
        execution_count: successes,
        inference_stats: {
          success: timed(successes, 85_000),
          fail: timed(failures, 10_000),
          queue: timed(successes, 10_000),
          compute_input: timed(successes, 20_000),
          compute_infer: timed(successes, 50_000),
          compute_output: timed(successes, 5_000),
        },
      },
    ],
  }
}
