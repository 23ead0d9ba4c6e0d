import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { ExternalServer } from '../scenario/types.ts'
import { reachExternal } from './external.ts'
import { loadFailureIn } from './kserve-answers.ts'
import { freePorts } from './ports.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A server that answers `METHOD path` as given, and all else by 404. */
async function serve(answers: Readonly<Record<string, unknown>>): Promise<string> {
  const server = createServer((request, response) => {
    const answer = answers[`${request.method} ${request.url}`]
    response.statusCode = answer === undefined ? 404 : 200
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer ?? {}))
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const TRITON = {
  'GET /v2': { name: 'triton', version: '2.51.0' },
  'GET /v2/health/ready': '',
  'GET /v2/models/m/ready': '',
  'GET /v2/models/m': { name: 'm', versions: ['9', '10', '2'] },
}

function reach(spec: Partial<ExternalServer> & { readonly url: string }) {
  return reachExternal({
    name: 'there',
    spec: { kind: 'external', grpcUrl: null, metricsUrl: null, tls: null, ...spec },
    model: 'm',
    logDir: '',
    signal: new AbortController().signal,
    events: { step() {} },
  })
}

describe('an external server', () => {
  it('is asked who it is, and never stopped', async () => {
    const address = await serve(TRITON)
    const server = await reach({ url: `http://${address}/`, grpcUrl: address })
    expect(server).toMatchObject({ url: `http://${address}`, grpcAddress: address, metricsUrl: null })
    expect(server.identity).toMatchObject({
      serverName: 'triton',
      serverVersion: '2.51.0',
      modelVersion: '10',
      pid: null,
    })
    await server.close()
    expect(server.death()).toBeNull()
    expect(await server.resources()).toBeNull()
    expect((await fetch(server.url)).status).toBe(404)
  })

  it('that speaks no KServe is taken as it is', async () => {
    const server = await reach({ url: `http://${await serve({})}` })
    expect(server.identity).toMatchObject({ serverName: null, serverVersion: null, modelVersion: null })
  })

  it('that says nonsense of itself is taken as unknown', async () => {
    const server = await reach({ url: `http://${await serve({ 'GET /v2': { name: ['a'], version: 7 } })}` })
    expect(server.identity.serverName).toBeNull()
  })

  it('whose terminal codes would move the cursor is printed without them', async () => {
    const server = await reach({
      url: `http://${await serve({ ...TRITON, 'GET /v2': { name: '\x1b[2Jtriton\x07' } })}`,
    })
    expect(server.identity.serverName).toBe('triton')
  })

  it('that lacks the model is refused with its reason', async () => {
    const index = [{ name: 'm', version: '1', state: 'UNAVAILABLE', reason: 'out of memory' }]
    const { 'GET /v2/models/m/ready': _, ...rest } = TRITON
    const address = await serve({ ...rest, 'POST /v2/repository/index': index })
    await expect(reach({ url: `http://${address}` })).rejects.toMatchObject({
      code: 'model-not-loaded',
      message: expect.stringContaining('out of memory'),
    })
  })

  it.each(['url', 'grpcUrl', 'metricsUrl'] as const)(
    'that does not answer at its %s is an error that names it',
    async (field) => {
      const [port = 0] = await freePorts(1)
      const dead = {
        url: `http://127.0.0.1:${port}`,
        grpcUrl: `127.0.0.1:${port}`,
        metricsUrl: `http://127.0.0.1:${port}/m`,
      }
      const spec = { url: `http://${await serve(TRITON)}`, [field]: dead[field] }
      await expect(reach(spec)).rejects.toMatchObject({
        code: 'server-unreachable',
        message: expect.stringMatching(new RegExp(`there does not answer at ${dead[field]}: .*ECONNREFUSED`)),
      })
    },
  )

  it('that answers without end is given up', async () => {
    const server = createServer((_, response) => {
      const more = () => response.write('x'.repeat(65_536), () => setImmediate(more))
      response.on('error', () => {})
      more()
    }).listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await expect(reach({ url })).rejects.toMatchObject({
      code: 'server-unreachable',
      message: expect.stringContaining('1048576'),
    })
  })
})

it.each([
  [
    "error: creating server: Invalid argument - load failed for model 'm': version 1 is at UNAVAILABLE state: Internal: ModuleNotFoundError: No module named 'x'",
    "ModuleNotFoundError: No module named 'x'",
  ],
  ['I1124 server.cc:305] "Waiting for in-flight requests to complete."', null],
])('finds in Triton’s log line %j the reason %j', (line, reason) => {
  expect(loadFailureIn(['I1124 start', line, 'I1124 end'])).toBe(reason)
})
