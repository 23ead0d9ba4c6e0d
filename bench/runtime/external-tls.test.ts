// External servers over https: what is checked of them before any load, and what is said when TLS is in the way.
import { once } from 'node:events'
import { createSecureServer } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer as createTlsServer, type Server } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { TlsSettings } from '../core/tls.ts'
import type { ExternalServer } from '../scenario/types.ts'
import { makeCertificates } from '../testing/certificates.ts'
import { reachExternal } from './external.ts'
import type { RunningServer } from './types.ts'

const { caPem, certPem, keyPem, otherCaPem } = makeCertificates()
const OWN = { key: keyPem, cert: certPem }
const TRUSTED: TlsSettings = { caPem, serverName: null, verify: true }

async function serve(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A KServe server with the model m. */
function triton(): Promise<string> {
  const answers: Readonly<Record<string, object>> = {
    '/v2': { name: 'triton', version: '2.51.0' },
    '/v2/health/ready': {},
    '/v2/models/m/ready': {},
    '/v2/models/m': { versions: ['3'] },
    '/metrics': {},
  }
  const server = createServer(OWN, (request, response) => {
    const answer = answers[request.url ?? '']
    response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? {}))
  })
  return serve(server)
}

function reach(spec: Partial<ExternalServer> & { readonly url: string }): Promise<RunningServer> {
  return reachExternal({
    name: 'there',
    spec: { kind: 'external', startTimeoutMs: 0, grpcUrl: null, metricsUrl: null, tls: TRUSTED, ...spec },
    model: 'm',
    modelVersion: null,
    speaksKserve: true,
    logDir: '',
    signal: new AbortController().signal,
    events: { step() {} },
  })
}

describe('an external server over https', () => {
  it('is asked who it is at every https address', async () => {
    const url = await triton()
    const grpcUrl = await serve(createSecureServer(OWN))
    const server = await reach({ url, grpcUrl, metricsUrl: `${url}/metrics` })
    expect(server).toMatchObject({ url, grpcAddress: grpcUrl, metricsUrl: `${url}/metrics`, tls: TRUSTED })
    expect(server.identity).toMatchObject({ serverName: 'triton', modelVersion: '3' })
    expect(server.identity.detail).toBe(`external triton 2.51.0, ${url}`)
  })

  it('is asked under another name, and without verification, which its description tells', async () => {
    const url = await triton()
    await reach({ url: url.replace('127.0.0.1', 'localhost'), tls: { ...TRUSTED, serverName: 'dyno.test' } })
    const { identity } = await reach({ url, tls: { caPem: null, serverName: null, verify: false } })
    expect(identity.detail).toBe(`external triton 2.51.0, ${url}, its certificate unchecked`)
  })

  it.each<[string, Partial<TlsSettings>, string, string]>([
    ['another CA', { caPem: otherCaPem }, 'not trusted', 'give the file of its CA as tls.ca'],
    ['the system’s CAs alone', { caPem: null }, 'not trusted', 'give the file of its CA as tls.ca'],
    ['a name that is not its', { serverName: 'no.test' }, 'another name', 'as tls.serverName'],
  ])('with %s is an error that says what to change', async (_, tls, message, hint) => {
    await expect(reach({ url: await triton(), tls: { ...TRUSTED, ...tls } })).rejects.toMatchObject({
      code: 'tls-failed',
      message: expect.stringContaining(message) as string,
      hint: expect.stringContaining(hint) as string,
    })
  })

  it.each([
    ['without ALPN', () => serve(createTlsServer(OWN))],
    ['with HTTP/1.1 alone', () => triton()],
  ])('whose gRPC port speaks TLS %s is an error', async (_, start) => {
    await expect(reach({ url: await triton(), grpcUrl: await start() })).rejects.toMatchObject({
      code: 'tls-failed',
      message: expect.stringContaining('the server does not speak HTTP/2 over TLS (ALPN)') as string,
    })
  })

  it('whose certificate is refused for gRPC alone is an error too', async () => {
    const grpcUrl = (await serve(createSecureServer(OWN))).replace('127.0.0.1', '127.0.0.2')
    await expect(reach({ url: await triton(), grpcUrl })).rejects.toMatchObject({
      message: expect.stringContaining(grpcUrl) as string,
    })
  })
})
