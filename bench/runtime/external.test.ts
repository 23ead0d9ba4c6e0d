import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { ExternalServer } from '../scenario/types.ts'
import { reachExternal } from './external.ts'
import { loadFailureIn } from './kserve-answers.ts'
import { freePorts } from './ports.ts'
import type { StartRequest } from './types.ts'

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

function reach(
  spec: Partial<ExternalServer> & { readonly url: string },
  asked: Partial<Omit<StartRequest, 'spec'>> = {},
) {
  return reachExternal({
    name: 'there',
    spec: { kind: 'external', startTimeoutMs: 0, grpcUrl: null, metricsUrl: null, tls: null, ...spec },
    model: 'm',
    modelVersion: null,
    speaksKserve: true,
    logDir: '',
    signal: new AbortController().signal,
    events: { step() {} },
    ...asked,
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

  it('that loads is waited for, with progress', async () => {
    const startedMs = performance.now()
    const loads = createServer((request, response) => {
      const isUp = performance.now() - startedMs > 1300
      response.writeHead(isUp ? 200 : 503, { 'retry-after': '1' })
      response.end(JSON.stringify(TRITON[`GET ${request.url}` as keyof typeof TRITON] ?? {}))
    }).listen(0, '127.0.0.1')
    servers.push(loads)
    await once(loads, 'listening')
    const steps: string[] = []
    const url = `http://127.0.0.1:${(loads.address() as AddressInfo).port}`
    const server = await reach({ url, startTimeoutMs: 20_000 }, { events: { step: (text) => steps.push(text) } })
    expect(server.identity.serverName).toBe('triton')
    expect(steps.join()).toMatch(/waiting for there \(1 s of at most 20 s\): .*503/)
  })

  it('that starts to listen later is waited for', async () => {
    const [port = 0] = await freePorts(1)
    const reached = reach({ url: `http://127.0.0.1:${port}`, startTimeoutMs: 20_000 }, { speaksKserve: false })
    await new Promise((resolve) => setTimeout(resolve, 300))
    servers.push(createServer((_, response) => response.end()).listen(port, '127.0.0.1'))
    expect((await reached).url).toContain(String(port))
  })

  it('is not waited for once the run is interrupted', async () => {
    const [port = 0] = await freePorts(1)
    const signal = AbortSignal.timeout(300)
    await expect(reach({ url: `http://127.0.0.1:${port}`, startTimeoutMs: 60_000 }, { signal })).rejects.toBeDefined()
    expect(signal.aborted).toBe(true)
  })

  it('is asked for the version that the scenario names, and refused at once where it has another', async () => {
    const url = `http://${await serve(TRITON)}`
    await expect(reach({ url, startTimeoutMs: 60_000 }, { modelVersion: '3' })).rejects.toMatchObject({
      code: 'model-not-loaded',
      exitCode: 4,
      message: expect.stringContaining('version 3 is not ready, though the model is: it serves 9, 10, 2'),
    })
    const versioned = `http://${await serve({ ...TRITON, 'GET /v2/models/m/versions/9/ready': '' })}`
    expect((await reach({ url: versioned }, { modelVersion: '9' })).identity.modelVersion).toBe('9')
  })

  it('with other models only is refused at once, and they are named', async () => {
    const { 'GET /v2/models/m/ready': _, ...rest } = TRITON
    const url = `http://${await serve({ ...rest, 'POST /v2/repository/index': [{ name: 'resnet' }] })}`
    await expect(reach({ url, startTimeoutMs: 60_000 })).rejects.toMatchObject({
      message: expect.stringContaining('it has resnet'),
    })
  })

  it('that no target asks over KServe is not asked for a model', async () => {
    const asked: (string | undefined)[] = []
    const app = createServer((request, response) => {
      asked.push(request.url)
      response.end('{}')
    }).listen(0, '127.0.0.1')
    servers.push(app)
    await once(app, 'listening')
    await reach({ url: `http://127.0.0.1:${(app.address() as AddressInfo).port}` }, { speaksKserve: false })
    expect(asked).toEqual([])
  })

  it('has a metrics page of any ordinary size', async () => {
    const page = 'x'.repeat(3 * 1024 * 1024)
    const address = await serve({ ...TRITON, 'GET /metrics': page })
    const metricsUrl = `http://${address}/metrics`
    expect((await reach({ url: `http://${address}`, metricsUrl })).metricsUrl).toBe(metricsUrl)
  })

  it('that is gone is dead once it is looked at, and alive when it is back', async () => {
    const address = await serve(TRITON)
    const server = await reach({ url: `http://${address}` })
    for (const listening of servers) listening.closeAllConnections()
    servers.at(-1)?.close()
    await server.look?.()
    expect(server.death()?.reason).toContain(`there does not answer any more at http://${address}`)
    const back = createServer((_, response) => response.end()).listen(Number(address.split(':')[1]), '127.0.0.1')
    servers.push(back)
    await once(back, 'listening')
    await server.look?.()
    expect(server.death()).toBeNull()
  })

  it('tells in its identity what was found out while it was measured', async () => {
    const server = await reach({ url: `http://${await serve(TRITON)}` })
    server.note?.('its statistics are left out')
    server.note?.('its statistics are left out')
    expect(server.identity.notice).toBe('there: its statistics are left out')
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
