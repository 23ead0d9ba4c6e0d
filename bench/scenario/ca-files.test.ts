// TLS settings of external servers: what a scenario makes of them, and of the CA files that they name.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { BenchErrors } from '../core/errors.ts'
import { makeCertificates } from '../testing/certificates.ts'
import { loadScenario, NO_OVERRIDES, type Overrides } from './load-scenario.ts'
import type { ExternalServer } from './types.ts'

const dir = mkdtempSync(join(tmpdir(), 'dyno-ca-'))
afterAll(() => rmSync(dir, { recursive: true }))

const { caPem, keyPem, certDer } = makeCertificates()

function fileWith(server: object, repetitions = 5): string {
  const tensor = { name: 'x', datatype: 'FP32', shape: [4] }
  const path = join(dir, 's.yaml')
  const scenario = {
    name: 'tls',
    model: { name: 'm', inputs: [tensor], outputs: [tensor] },
    servers: { far: { kind: 'external', ...server } },
    targets: { far: { server: 'far', api: 'kserve', protocol: 'http' } },
    measure: { repetitions },
  }
  writeFileSync(path, JSON.stringify(scenario, null, 1))
  return path
}

async function serverOf(server: object): Promise<ExternalServer> {
  const { far } = (await loadScenario(fileWith(server), NO_OVERRIDES)).scenario.servers
  if (far?.kind !== 'external') throw new Error('the server is not external')
  return far
}

async function problemsOf(path: string, overrides: Partial<Overrides> = {}): Promise<readonly object[]> {
  try {
    await loadScenario(path, { ...NO_OVERRIDES, ...overrides })
    return []
  } catch (error) {
    if (!(error instanceof BenchErrors)) throw error
    return error.problems.map(({ place, code, message, hint }) => ({
      place: place?.replace(`${dir}/`, ''),
      code,
      message,
      hint,
    }))
  }
}

describe('a server with an https URL', () => {
  it('is checked by the system’s CAs and for its own name where nothing else is said', async () => {
    expect(await serverOf({ url: 'http://h:1', grpcUrl: 'https://H.example:8443/' })).toEqual({
      kind: 'external',
      url: 'http://h:1',
      grpcUrl: 'https://h.example:8443',
      metricsUrl: null,
      tls: { caPem: null, serverName: null, verify: true },
      startTimeoutMs: 30_000,
    })
  })

  it('is checked as it says, by certificates beside the file; a key among them stays where it is', async () => {
    writeFileSync(join(dir, 'bundle.pem'), `a CA\n${keyPem}${caPem}\n${caPem}`)
    const { tls } = await serverOf({
      url: 'https://h',
      tls: { ca: 'bundle.pem', serverName: 'triton.example', verify: false },
    })
    expect(tls).toMatchObject({ serverName: 'triton.example', verify: false })
    expect(tls?.caPem?.trim()).toBe(`${caPem.trim()}\n${caPem.trim()}`)
  })
})

describe('a CA file', () => {
  const BROKEN = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  const withCa = (ca: string, repetitions?: number) => fileWith({ url: 'https://h:1', tls: { ca } }, repetitions)

  it.each<[string, string | Uint8Array | null, string, string]>([
    ['is missing', null, 'there is no CA file', 'looked for: '],
    ['is a folder', '', 'is no file', 'PEM file'],
    ['is in DER', certDer, 'holds no certificate in PEM', 'openssl x509 -inform der'],
    ['is a key', keyPem, 'holds no certificate in PEM', 'BEGIN CERTIFICATE'],
    ['is broken', BROKEN, 'cannot be read', 'openssl x509'],
  ])('that %s is placed by its path, with a remedy', async (name, content, message, hint) => {
    const file = `${name.replaceAll(' ', '-')}.pem`
    if (content === '') mkdirSync(join(dir, file))
    else if (content !== null) writeFileSync(join(dir, file), content)
    expect(await problemsOf(withCa(file))).toEqual([
      {
        place: expect.stringMatching(/^s\.yaml:\d+:11$/) as string,
        code: 'ca-file',
        message: expect.stringContaining(message) as string,
        hint: expect.stringContaining(hint) as string,
      },
    ])
  })

  it('that Windows wrote as UTF-16 is named as that', async () => {
    writeFileSync(join(dir, 'utf16.pem'), Buffer.from('\uFEFF-----BEGIN CERTIFICATE-----', 'utf16le'))
    const [found] = await problemsOf(fileWith({ url: 'https://h', tls: { ca: 'utf16.pem' } }))
    expect(found).toMatchObject({
      code: 'ca-file',
      message: expect.stringContaining('is UTF-16'),
      hint: 'save it as UTF-8',
    })
  })

  it('that is missing is one problem among others', async () => {
    expect(await problemsOf(withCa('gone.pem', 0))).toMatchObject([{ code: 'ca-file' }, { code: 'out-of-range' }])
  })

  it('that is set by the command line is placed there', async () => {
    writeFileSync(join(dir, 'right.pem'), caPem)
    expect(await problemsOf(withCa('right.pem'))).toEqual([])
    const seen = await problemsOf(withCa('right.pem'), { set: ['servers.far.tls.ca=gone.pem'] })
    expect(seen).toMatchObject([{ place: '--set servers.far.tls.ca=gone.pem', code: 'ca-file' }])
  })
})
