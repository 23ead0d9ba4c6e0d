// The built-in servers, seen by Node's own clients: what they answer, when, and what they say about it.
import { once } from 'node:events'
import { request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { kserveGrpcCodec } from '../protocol/kserve-grpc.ts'
import { calibrationAnswer } from './answers.ts'
import { type Behaviour, beginsMs, knownLatency } from './behaviour.ts'
import { type CalibrationHost, type CalibrationServer, startCalibrationHost } from './server.ts'

const MODEL = {
  name: 'm',
  version: null,
  inputs: [{ name: 'in', datatype: 'FP32', shape: [4] }],
  outputs: [{ name: 'out', datatype: 'FP32', shape: [1] }],
  maxBatchSize: null,
} as const
const ANSWERS = {
  http: calibrationAnswer({ api: 'kserve', protocol: 'http', tensors: 'json' }, MODEL, 1),
  grpc: calibrationAnswer({ api: 'kserve', protocol: 'grpc', tensors: 'binary' }, MODEL, 1),
}

let host: CalibrationHost | undefined
afterAll(() => host?.close())

async function serve(protocol: 'http' | 'grpc', behaviour: Behaviour): Promise<CalibrationServer> {
  host ??= await startCalibrationHost(null)
  return host.serve({ protocol, answer: ANSWERS[protocol], behaviour })
}

async function post(address: string, body = '{}', path = '/v2/models/m/infer', method = 'POST') {
  const call = request(`${address}${path}`, { method, agent: false })
  call.end(method === 'POST' ? body : undefined)
  const [response] = await once(call, 'response')
  const chunks: Buffer[] = await response.toArray()
  return { status: response.statusCode as number, headers: response.headers, text: Buffer.concat(chunks).toString() }
}

/** One unary call by Node's own HTTP/2 client. */
async function call(address: string, method: string) {
  const session = connectHttp2(`http://${address}`)
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': `/inference.GRPCInferenceService/${method}`,
      te: 'trailers',
    })
    stream.end(Buffer.alloc(5))
    let status: unknown
    stream.on('response', (headers) => {
      status = headers['grpc-status']
    })
    stream.on('trailers', (headers) => {
      status = headers['grpc-status']
    })
    const chunks: Buffer[] = await stream.toArray()
    return { status, message: Buffer.concat(chunks).subarray(5) }
  } finally {
    session.close()
  }
}

describe('a built-in server', () => {
  it('answers every POST with the prebuilt answer, and counts it', async () => {
    const server = await serve('http', { kind: 'null' })
    for (let round = 0; round < 3; round++) {
      const { status, text } = await post(server.address)
      expect([status, text]).toEqual([200, Buffer.from(ANSWERS.http.bytes).toString()])
    }
    expect(await server.answered()).toBe(3)
  })

  it('finds requests however their bytes are cut, and several in one read', async () => {
    const server = await serve('http', { kind: 'null' })
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.address).port) })
    const one = 'POST /v2/models/m/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello'
    for (const piece of [one.slice(0, 20), one.slice(20, 60), one.slice(60) + one + one.slice(0, 3), one.slice(3)]) {
      socket.write(piece)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(await server.answered()).toBe(3)
    socket.destroy()
  })

  it('tells what a client of KServe asks before it begins', async () => {
    const server = await serve('http', { kind: 'null' })
    const ask = async (path: string) => JSON.parse((await post(server.address, '', path, 'GET')).text || '{}')
    expect(await ask('/v2')).toMatchObject({ name: 'dyno-calibration' })
    expect(await ask('/v2/models/m')).toMatchObject({ inputs: [{ name: 'in', shape: [-1, 4] }] })
    expect(await ask('/v2/models/m/config')).toMatchObject({ input: [{ data_type: 'TYPE_FP32', dims: [4] }] })
    expect((await post(server.address, '', '/elsewhere', 'GET')).status).toBe(404)
  })

  it('answers gRPC as Node’s HTTP/2 client reads it', async () => {
    const server = await serve('grpc', { kind: 'null' })
    const { status, message } = await call(server.address, 'ModelInfer')
    expect(status).toBe('0')
    expect(kserveGrpcCodec(MODEL, 1).hasForm(message, 0, message.length, -1)).toBe(true)
    expect((await call(server.address, 'ServerReady')).message).toEqual(Buffer.of(8, 1))
    expect((await call(server.address, 'NoSuchMethod')).status).toBe('12')
  })

  it.each(['http', 'grpc'] as const)(
    'over %s takes the latency that it says it takes, and records it',
    async (protocol) => {
      const server = await serve(protocol, knownLatency({ kind: 'fixed', ms: 20 }))
      const startedMs = performance.now()
      if (protocol === 'http') await post(server.address)
      else await call(server.address, 'ModelInfer')
      expect(performance.now() - startedMs).toBeGreaterThanOrEqual(20)
      const { arrivedNs, answeredNs } = await server.takeRecord()
      expect(arrivedNs.length).toBe(1)
      const tookMs = ((answeredNs[0] ?? 0) - (arrivedNs[0] ?? 0)) / 1e6
      expect(tookMs).toBeGreaterThanOrEqual(20)
      // It may be late on a busy machine, and then says so.
      expect(tookMs).toBeLessThanOrEqual(performance.now() - startedMs)
      expect((await server.takeRecord()).arrivedNs.length).toBe(0)
    },
  )

  it('spoils every nth request as it is told', async () => {
    const quick = knownLatency({ kind: 'fixed', ms: 0 })
    const refusing = await serve('http', { ...quick, fault: { kind: 'status', every: 2 } })
    const statuses = [await post(refusing.address), await post(refusing.address)].map(({ status }) => status)
    expect(statuses).toEqual([200, 503])
    const resetting = await serve('http', { ...quick, fault: { kind: 'reset', every: 1 } })
    await expect(post(resetting.address)).rejects.toThrow('ECONNRESET')
    const failing = await serve('grpc', { ...quick, fault: { kind: 'status', every: 1 } })
    expect((await call(failing.address, 'ModelInfer')).status).toBe('14')
  })

  it('closes after each answer when it is told to', async () => {
    const server = await serve('http', { ...knownLatency({ kind: 'fixed', ms: 0 }), closes: true })
    expect((await post(server.address)).headers.connection).toBe('close')
  })
})

it('begins with what comes in a stall at its end', () => {
  const stall = { everyMs: 1000, forMs: 100 }
  expect(beginsMs(500, stall)).toBe(500)
  expect(beginsMs(900, stall)).toBe(1000)
  expect(beginsMs(2950, stall)).toBe(3000)
  expect(beginsMs(950, null)).toBe(950)
})
