// Every way in which a scenario can be wrong: where it is placed, what it is called, what is proposed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { BenchError, BenchErrors } from '../core/errors.ts'
import { loadScenario, NO_OVERRIDES, type Overrides } from './load-scenario.ts'

const dir = mkdtempSync(join(tmpdir(), 'dyno-problems-'))
afterAll(() => rmSync(dir, { recursive: true }))

const GOOD = `name: good
model:
  name: absent_models
  inputs: [{ name: x, datatype: FP32, shape: [4] }]
  outputs: [{ name: y, datatype: FP32, shape: [1] }]
servers:
  flask: { kind: flask, port: 5001 }
  triton: { kind: triton, gpus: auto }
  far: { kind: external, url: "http://127.0.0.1:9000" }
targets:
  flask: { server: flask, api: flask, protocol: http }
  http: { server: triton, api: kserve, protocol: http }
  grpc: { server: triton, api: kserve, protocol: grpc }
matrix:
  targets: [flask, grpc]
  batchSize: [1, 8]
  load: [{ concurrency: 8 }, { requestRate: 200 }]
engine: native
measure: { duration: 5s, repetitions: 5 }
compare: { baseline: flask }
gate: { rules: [{ metric: p99, max: 25ms }] }
`

interface Seen {
  readonly place: string | undefined
  readonly code: string
  readonly message: string
  readonly hint: string | undefined
}

async function problemsOf(text: string | Uint8Array, overrides: Partial<Overrides> = {}): Promise<readonly Seen[]> {
  const path = join(dir, 's.yaml')
  writeFileSync(path, text)
  return await problemsOfFile(path, overrides)
}

async function problemsOfFile(path: string, overrides: Partial<Overrides> = {}): Promise<readonly Seen[]> {
  try {
    await loadScenario(path, { ...NO_OVERRIDES, ...overrides })
    return []
  } catch (error) {
    if (!(error instanceof BenchErrors || error instanceof BenchError)) throw error
    const problems = error instanceof BenchErrors ? error.problems : [error]
    return problems.map(({ place, code, message, hint }) => ({
      place: place?.replace(`${dir}/`, ''),
      code,
      message,
      hint,
    }))
  }
}

/** [what replaces what in GOOD, line:col, code, a part of the hint] */
type Row = readonly [replaced: string, by: string, place: string, code: string, hint: string]

const WRONG_FIELDS: readonly Row[] = [
  ['batchSize:', 'batchsize:', '16:3', 'unknown-key', "did you mean 'batchSize'?"],
  ['engine: native', 'engin: native', '18:1', 'unknown-key', "did you mean 'engine'?"],
  ['engine: native', 'zebra: 1', '18:1', 'unknown-key', 'fields here: name, description, model'],
  ['port: 5001', 'prot: 5001', '7:25', 'unknown-key', "did you mean 'port'?"],
  ['port: 5001', 'gpus: all', '7:25', 'unknown-key', 'make it kind: triton'],
  ['{ concurrency: 8 }', '{ concurrency: 8, requestRate: 3 }', '17:28', 'unknown-key', 'make it an open loop'],
  ['{ concurrency: 8 }', '{ concurency: 8 }', '17:12', 'unknown-key', "did you mean 'concurrency'?"],
  ['shape: [4] }]\n  out', 'shpe: [4] }]\n  out', '4:39', 'unknown-key', "did you mean 'shape'?"],
  ['name: good\n', '', '1:1', 'missing-key', 'add name: flask-vs-triton'],
  ['server: flask, ', '', '11:10', 'missing-key', 'add server: triton'],
  ['{ kind: flask, port: 5001 }', '{ port: 5001 }', '7:10', 'missing-key', 'add kind: one of flask, triton, external'],
  ['{ metric: p99, max: 25ms }', '{ max: 25ms }', '21:17', 'missing-key', 'add metric: one of p50'],
  [
    'matrix:\n  targets: [flask, grpc]\n  batchSize: [1, 8]\n  load: [{ concurrency: 8 }, { requestRate: 200 }]',
    'matrix:',
    '14:1',
    'wrong-type',
    'leave it out',
  ],
  ['duration: 5s', 'duration: 5', '19:22', 'wrong-type', 'duration: 5s'],
  ['duration: 5s', 'duration: 5 parsecs', '19:22', 'bad-value', 'duration: 5s'],
  ['duration: 5s', 'duration: 1ms', '19:22', 'out-of-range', 'duration: 5s'],
  ['duration: 5s', 'duration: 25h', '19:22', 'out-of-range', 'duration: 5s'],
  ['duration: 5s', 'duration: atuo', '19:22', 'bad-value', 'duration: 5s'],
  ['duration: 5s', 'duration: auto, auto: { p50: 0% }', '19:41', 'out-of-range', 'p50: 5%'],
  ['duration: 5s', 'duration: auto, auto: { p99: 0.1 }', '19:41', 'wrong-type', 'p99: 10%'],
  ['duration: 5s', 'duration: auto, auto: { windw: 1s }', '19:36', 'unknown-key', "did you mean 'window'?"],
  ['repetitions: 5', 'repetitions: 0', '19:39', 'out-of-range', 'repetitions: 5'],
  ['repetitions: 5', 'repetitions: five', '19:39', 'wrong-type', 'repetitions: 5'],
  ['repetitions: 5', 'repetitions: 2.5', '19:39', 'wrong-type', 'repetitions: 5'],
  ['repetitions: 5', 'repetitions: .nan', '19:39', 'wrong-type', 'repetitions: 5'],
  ['[1, 8]', '[1, 2048]', '16:18', 'out-of-range', 'write for example'],
  ['[1, 8]', '[]', '16:14', 'out-of-range', 'batchSize: [1, 8]'],
  ['[1, 8]', '8', '16:14', 'wrong-type', 'batchSize: [1, 8]'],
  ['concurrency: 8', 'concurrency: 5000', '17:25', 'out-of-range', 'concurrency: 8'],
  ['requestRate: 200', 'requestRate: 0', '17:45', 'out-of-range', 'requestRate: 200'],
  ['requestRate: 200', 'requestRate: 200, distribution: posson', '17:64', 'bad-value', "did you mean 'poisson'?"],
  ['kind: triton', 'kind: tritn', '8:19', 'bad-value', "did you mean 'triton'?"],
  ['gpus: auto', 'gpus: some', '8:33', 'wrong-type', 'gpus: auto'],
  ['FP32, shape: [4]', 'FP31, shape: [4]', '4:33', 'bad-value', "did you mean 'FP32'?"],
  ['name: good', 'name: ../good', '1:7', 'bad-value', 'name: flask-vs-triton'],
  ['name: absent_models', 'name: a/b', '3:9', 'bad-value', 'name: example_model'],
  ['  flask: { kind', '  a.b: { kind: flask }\n  flask: { kind', '7:3', 'bad-name', 'letters, digits'],
  ['http://127.0.0.1:9000', 'ftp://far.example', '9:31', 'bad-value', 'url: http://127.0.0.1:9000'],
  ['http://127.0.0.1:9000', 'https://far.example/v2', '9:31', 'bad-value', 'write https://far.example'],
  ['9000" }', '9000", grpcUrl: "https://h:1/x" }', '9:65', 'bad-value', 'write https://h:1'],
  ['9000" }', '9000", tls: { serverName: 127.0.0.1 } }', '9:75', 'bad-value', 'serverName: triton.example'],
  ['9000" }', '9000", tls: { verify: no } }', '9:71', 'wrong-type', 'verify: true'],
  ['9000" }', '9000", tls: { cert: x.pem } }', '9:63', 'unknown-key', 'fields here: ca, serverName, verify'],
  ['http://127.0.0.1:9000', 'far.example:80', '9:31', 'bad-value', 'url: http://127.0.0.1:9000'],
  ['http://127.0.0.1:9000', 'http://h:1/v2', '9:31', 'bad-value', 'write http://h:1'],
  ['http://127.0.0.1:9000', 'http://me:pw@h:1', '9:31', 'bad-value', 'write http://h:1'],
  ['9000" }', '9000", grpcUrl: "grpc://h:1" }', '9:65', 'bad-value', 'write h:1'],
  ['9000" }', '9000", grpcUrl: "dns:///svc.ns:8001" }', '9:65', 'bad-value', 'write svc.ns:8001'],
  ['9000" }', '9000", grpcUrl: "dns:svc.ns:8001" }', '9:65', 'bad-value', 'write svc.ns:8001'],
  ['9000" }', '9000", grpcUrl: "dns:///svc.ns" }', '9:65', 'bad-value', 'write svc.ns:PORT'],
  ['9000" }', '9000", grpcUrl: "unix://out.sock" }', '9:65', 'bad-value', 'unix sockets are not supported'],
  ['name: absent_models', 'name: absent_models\n  version: 1', '4:12', 'wrong-type', 'write version: "1"'],
  ['name: good', 'name: good\n"name": better', '2:1', 'duplicate-key', 'keep one of the two'],
  ['max: 25ms', 'max: 25', '21:37', 'wrong-type', 'max: 25ms'],
  ['max: 25ms', 'maxRegression: 10', '21:47', 'wrong-type', 'maxRegression: 10%'],
  ['metric: p99', 'metric: p98', '21:27', 'bad-value', "did you mean 'p90'?"],
  ['metric: p99', 'metric: requestsPerSec', '21:48', 'wrong-type', 'max: 500'],
  ['p99, max: 25ms', 'errorRate, max: 2', '21:43', 'out-of-range', 'max: 1%'],
]

const WRONG_TOGETHER: readonly Row[] = [
  ['server: flask', 'server: flsk', '11:20', 'unknown-server', "did you mean 'flask'?"],
  ['[flask, grpc]', '[flask, gprc]', '15:20', 'unknown-target', "did you mean 'grpc'?"],
  ['baseline: flask', 'baseline: nobody', '20:22', 'unknown-target', 'there are: flask, grpc'],
  ['baseline: flask', 'baseline: http', '20:22', 'target-not-measured', 'add http to matrix.targets'],
  ['metric: p99', 'target: flaks, metric: p99', '21:27', 'unknown-target', "did you mean 'flask'?"],
  ['flask, api: flask', 'flask, api: kserve', '11:32', 'api-server', 'write api: flask'],
  [
    'grpc: { server: triton, api: kserve, protocol: grpc',
    'grpc: { server: triton, api: flask, protocol: http',
    '13:32',
    'api-server',
    'write api: kserve',
  ],
  ['api: flask, protocol: http', 'api: flask, protocol: grpc', '11:49', 'flask-protocol', 'write protocol: http'],
  [
    'api: flask, protocol: http',
    'api: flask, protocol: http, tensors: binary',
    '11:64',
    'flask-tensors',
    'leave tensors out',
  ],
  ['protocol: grpc', 'protocol: grpc, tensors: json', '13:65', 'tensors-protocol', 'protocol: http'],
  [
    'triton, api: kserve, protocol: grpc',
    'far, api: kserve, protocol: grpc',
    '13:47',
    'grpc-url-missing',
    'add under servers.far',
  ],
  ['protocol: grpc', 'protocol: grpc, engine: autocannon', '13:64', 'engine-target', 'engine: native'],
  ['http }\n  grpc', 'http, engine: grpc-js }\n  grpc', '12:64', 'engine-target', 'engine: native'],
  ['http }\n  grpc', 'http, tensors: binary, engine: autocannon }\n  grpc', '12:81', 'engine-target', 'engine: native'],
  ['protocol: grpc', 'protocol: grpc, engine: grpc-js', '17:45', 'engine-load', 'closed load'],
  ['concurrency: 8', 'concurrency: 8, connections: 2', '17:41', 'connections', 'gRPC targets only'],
  ['concurrency: 8', 'concurrency: 8, connections: 9', '17:41', 'connections', 'connections: 8'],
  ['requestRate: 200', 'requestRate: 200, connections: 2', '17:63', 'connections', 'gRPC targets only'],
  ['9000" }', '9000", tls: {} }', '9:61', 'tls-unused', 'write https://'],
  [
    'http://127.0.0.1:9000" }\ntargets:',
    'https://h" }\ntargets:\n  tls: { server: far, api: kserve, protocol: http, engine: autocannon }',
    '11:60',
    'engine-target',
    'engine: native',
  ],
  ['duration: 5s', 'duration: 5s, auto: { p50: 5% }', '19:39', 'auto-unused', 'write duration: auto, or leave'],
  ['duration: 5s', 'auto: {}', '19:18', 'auto-unused', 'write duration: auto, or leave'],
  ['duration: 5s, repetitions: 5', 'duration: auto, repetitions: 2', '19:41', 'auto-repetitions', 'repetitions: 5'],
  ['duration: 5s', 'duration: auto, auto: { limit: 4s }', '19:43', 'auto-limit', 'raise the limit'],
  [
    'duration: 5s, repetitions: 5',
    'duration: auto, repetitions: 61',
    '19:41',
    'auto-limit',
    'lower measure.repetitions',
  ],
  ['[1, 8]', '[1, 8, 1]', '16:21', 'duplicate-batch-size', 'keep one'],
  ['{ requestRate: 200 }', '{ concurrency: 8, connections: 8 }', '17:30', 'duplicate-load', 'keep one'],
  ['[flask, grpc]', '[flask, grpc, flask]', '15:26', 'duplicate-target', 'keep one'],
  ['gpus: auto', 'ports: { http: 5001, grpc: 2, metrics: 3 }', '8:42', 'duplicate-port', 'take another'],
  [', max: 25ms', '', '21:17', 'empty-rule', 'maxRegression: 10%'],
  ['max: 25ms', 'max: 25ms, min: 30ms', '21:48', 'empty-rule', 'swap'],
  ['shape: [4] }]', 'shape: [4] }, { name: x, datatype: FP32, shape: [4] }]', '4:61', 'duplicate-tensor', 'once'],
  ['shape: [4]', 'shape: [2, 2]', '4:11', 'flask-inputs', 'shape: [4]'],
  [
    'shape: [1] }]',
    'shape: [1] }, { name: second, datatype: FP32, shape: [1] }]',
    '5:12',
    'flask-outputs',
    'leave the flask',
  ],
  ['shape: [1] }]', 'shape: [3] }]', '5:12', 'flask-outputs', 'shape: [1]'],
]

const WRONG_TEXT: readonly Row[] = [
  ['engine: native', 'engine: native\nengine: native', '19:1', 'duplicate-key', 'keep one'],
  ['[1, 8]', '[1, 8', '17:3', 'scenario-syntax', 'indent with spaces'],
  ['  triton: {', '\ttriton: {', '8:1', 'scenario-syntax', 'indent with spaces'],
  ['gpus: auto', 'gpus: *all', '8:33', 'scenario-syntax', 'indent with spaces'],
  ['gpus: auto', 'gpus: !secret x', '8:33', 'scenario-syntax', 'indent with spaces'],
  ['  flask: { kind', '  __proto__: { kind: flask }\n  flask: { kind', '7:3', 'bad-key', 'name: value'],
  ['engine: native', '? [a, b]\n: 1', '18:3', 'bad-key', 'name: value'],
]

describe.each([
  ['a field', WRONG_FIELDS],
  ['fields together', WRONG_TOGETHER],
  ['the text', WRONG_TEXT],
])('%s', (_, rows) => {
  it.each(rows)('places %j → %j at %s as %s', async (replaced, by, place, code, hint) => {
    expect(GOOD).toContain(replaced)
    const seen = await problemsOf(GOOD.replace(replaced, () => by))
    expect(seen).toContainEqual({
      place: `s.yaml:${place}`,
      code,
      message: expect.any(String) as string,
      hint: expect.stringContaining(hint) as string,
    })
  })
})

it('finds nothing wrong with the scenario that the tables change', async () => {
  expect(await problemsOf(GOOD)).toEqual([])
})

it('reports every problem at once, from top to bottom', async () => {
  const text = GOOD.replace('repetitions: 5', 'repetitions: 0')
    .replace('batchSize', 'batchsize')
    .replace('baseline: flask', 'baseline: flsk')
    .replace('server: flask', 'server: flsk')
    .replace('engine: native', 'name: again')
  const seen = await problemsOf(text, { set: ['measure.sed=1'], only: ['grcp'] })
  expect(seen.map(({ place, code }) => `${place} ${code}`)).toEqual([
    's.yaml:18:1 duplicate-key',
    '--set measure.sed=1 unknown-path',
    's.yaml:11:20 unknown-server',
    's.yaml:16:3 unknown-key',
    's.yaml:19:39 out-of-range',
    's.yaml:20:22 unknown-target',
    '--only grcp unknown-target',
  ])
})

it('reports a misspelt key once, not as a missing one too', async () => {
  expect(await problemsOf(GOOD.replace('{ concurrency: 8 }', '{ concurency: 8 }'))).toHaveLength(1)
})

it.each([
  ['measure.duratoin=2s', 'unknown-path', "did you mean 'measure.duration'?"],
  ['servers.flaks.workers=2', 'unknown-path', "did you mean 'servers.flask.workers'?"],
  ['nothing.like.it=1', 'unknown-path', 'a scenario has: name, description'],
  ['measure.zebra=1', 'unknown-path', "'measure' has: warmup, duration"],
  ['matrix.load[7].concurrency=1', 'unknown-path', "did you mean 'matrix.load.0.concurrency'?"],
  ['batchSize=[1]', 'unknown-path', "did you mean 'matrix.batchSize'?"],
  ['targets.grpc.server.x=1', 'unknown-path', "'targets.grpc.server' holds no fields"],
  ['servers.__proto__={ kind: flask }', 'unknown-path', "'servers' has: flask"],
  ['measure', 'bad-set', '--set measure.duration=2s'],
  ['=3', 'bad-set', '--set measure.duration=2s'],
  ['matrix.batchSize=[1', 'bad-set', 'quote it'],
  ['measure.duration=2', 'wrong-type', 'duration: 5s'],
  ['measure.duration=', 'wrong-type', 'fill it in'],
  ['servers.flask.workers=none', 'wrong-type', 'workers: 1'],
  ['matrix.batchSize=[1,x]', 'wrong-type', 'write for example'],
  ['compare.baseline=flsk', 'unknown-target', "did you mean 'flask'?"],
])('places --set %s by its flag, as %s', async (setting, code, hint) => {
  const [first, ...more] = await problemsOf(GOOD, { set: [setting] })
  expect(more).toEqual([])
  expect(first).toMatchObject({ place: `--set ${setting}`, code, hint: expect.stringContaining(hint) as string })
})

describe('a file that is no scenario', () => {
  it('names the scenarios that there are, the nearest first', async () => {
    const [missing] = await problemsOfFile('scenarios/smok.yaml')
    expect(missing).toMatchObject({
      code: 'scenario-missing',
      hint: expect.stringMatching(/^did you mean scenarios\/smoke\.yaml\?.*flask-vs-triton\.yaml/) as string,
    })
  })

  it('refuses a folder, and a file of hostile size', async () => {
    mkdirSync(join(dir, 'folder'))
    expect(await problemsOfFile(join(dir, 'folder'))).toMatchObject([{ code: 'scenario-no-file' }])
    expect(await problemsOf(' '.repeat(300_000))).toMatchObject([{ code: 'scenario-too-large' }])
  })

  it.each([
    ['', 'wrong-type', 'an empty file'],
    ['[]', 'wrong-type', 'a list'],
    ['just text', 'wrong-type', 'a text'],
    [
      `a: &a [x, x, x, x, x, x, x, x, x]\n${'b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c]'}`,
      'scenario-syntax',
      'aliases that multiply',
    ],
    ['a: 1\n---\nb: 2', 'scenario-syntax', 'two documents'],
    ['a: &x [*x]', 'unknown-key', 'a list that holds itself'],
  ])('answers %j with %s (%s)', async (text, code) => {
    expect(await problemsOf(text)).toContainEqual(expect.objectContaining({ code }))
  })

  it('never throws anything but problems, whatever the bytes and the nesting', async () => {
    expect(await problemsOf('['.repeat(100_000))).not.toEqual([])
    const cuts = fc.tuple(fc.nat(GOOD.length), fc.nat(20), fc.string({ maxLength: 6, unit: 'binary' }))
    await fc.assert(
      fc.asyncProperty(cuts, async ([at, length, by]) => {
        const seen = await problemsOf(GOOD.slice(0, at) + by + GOOD.slice(at + length))
        for (const { place, hint } of seen) {
          expect(place).toMatch(/^s\.yaml:\d+:\d+$/)
          expect(hint).toBeTruthy()
        }
      }),
      { numRuns: 150 },
    )
  })
})

describe('a key that is given twice', () => {
  it.each([
    ['name', '"name": better\n'],
    ['name', '? name\n: better\n'],
    ['servers', 'servers: {}\n'],
  ])('is named whole: %s', async (key, added) => {
    const seen = await problemsOf(`${added}${GOOD}`)
    expect(seen.filter(({ code }) => code === 'duplicate-key').map(({ message }) => message)).toEqual([
      `'${key}' is given twice`,
    ])
  })
})

describe('a scenario as Windows writes it', () => {
  it('is read with a byte order mark and its line ends', async () => {
    expect(await problemsOf(`\uFEFF${GOOD.replaceAll('\n', '\r\n')}`)).toEqual([])
  })

  it('is refused in UTF-16, in one sentence', async () => {
    const seen = await problemsOf(Buffer.from(`\uFEFF${GOOD}`, 'utf16le'))
    expect(seen.map(({ message }) => message)).toEqual(['this file is UTF-16'])
  })
})
