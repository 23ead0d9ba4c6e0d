// Reading, overriding and resolving scenarios; what is refused stands in problems.test.ts.
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { loadScenario, NO_OVERRIDES, type Overrides } from './load-scenario.ts'

const dir = mkdtempSync(join(tmpdir(), 'dyno-scenario-'))
afterAll(() => rmSync(dir, { recursive: true }))

let files = 0
function fileWith(text: string, name = `${++files}.yaml`): string {
  const path = join(dir, name)
  writeFileSync(path, text)
  return path
}

const load = (text: string, overrides: Partial<Overrides> = {}) =>
  loadScenario(fileWith(text), { ...NO_OVERRIDES, ...overrides })

const CONTRACT = `
name: flask-vs-triton
description: The lab's model behind Flask and behind Triton
model:
  name: example_model
  inputs: [{ name: keras_tensor, datatype: FP32, shape: [4] }]     # shape without the batch dimension
  outputs: [{ name: output_0, datatype: FP32, shape: [1] }]
servers:
  flask:  { kind: flask, workers: 1, threads: 4 }                  # image, build, limits, env… optional
  triton: { kind: triton, image: nvcr.io/nvidia/tritonserver:23.10-py3, gpus: auto }   # gpus: auto | all | none | N
targets:
  flask:         { server: flask,  api: flask,  protocol: http }
  triton-http:   { server: triton, api: kserve, protocol: http }                     # tensors: json | binary
  triton-binary: { server: triton, api: kserve, protocol: http, tensors: binary }
  triton-grpc:   { server: triton, api: kserve, protocol: grpc }
matrix:
  targets: [flask, triton-http, triton-binary, triton-grpc]        # default: all
  batchSize: [1, 2, 4, 8]
  load:
    - { concurrency: 1 }                                           # closed loop; connections: defaults to concurrency
    - { concurrency: 8 }
    - { requestRate: 200, distribution: poisson }                  # open loop; maxInFlight optional
engine: native                                                     # native | autocannon | grpc-js (per target too)
measure: { warmup: 2s, duration: 5s, repetitions: 5, timeout: 10s, seed: 42 }
verify: { tolerance: 1e-5, every: 100 }                            # outputs: before the run and every nth answer in it
compare: { baseline: flask }                                       # target that the others are compared with
gate:
  alpha: 0.05                                                      # family-wise
  rules:
    - { metric: p99, maxRegression: 10% }
    - { metric: requestsPerSec, maxRegression: 5% }
    - { metric: errorRate, max: 0 }
    - { metric: p99, target: triton-grpc, max: 25ms }              # absolute rules need no baseline
`

const SMALL = {
  name: 'small',
  model: {
    name: 'no_such_model',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [4] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [1] }],
  },
  servers: { triton: { kind: 'triton' } },
  targets: { grpc: { server: 'triton', api: 'kserve', protocol: 'grpc' } },
}

describe('a whole scenario', () => {
  it('resolves the contract’s example with every unit in its name', async () => {
    const { scenario } = await load(CONTRACT)
    expect(scenario.servers).toEqual({
      flask: {
        kind: 'flask',
        mode: 'production',
        workers: 1,
        threads: 4,
        port: null,
        image: null,
        build: null,
        network: null,
        limits: null,
        containerName: null,
        env: {},
        startTimeoutMs: 60_000,
      },
      triton: {
        kind: 'triton',
        image: 'nvcr.io/nvidia/tritonserver:23.10-py3',
        gpus: 'auto',
        ports: null,
        network: null,
        limits: null,
        containerName: null,
        env: {},
        startTimeoutMs: 120_000,
      },
    })
    expect(scenario.targets.map(({ name, tensors, engine }) => [name, tensors, engine])).toEqual([
      ['flask', 'json', 'native'],
      ['triton-http', 'json', 'native'],
      ['triton-binary', 'binary', 'native'],
      ['triton-grpc', 'binary', 'native'],
    ])
    expect(scenario.matrix.loads).toEqual([
      { model: 'closed', concurrency: 1, connections: 1 },
      { model: 'closed', concurrency: 8, connections: 8 },
      { model: 'open', requestRate: 200, profile: null, distribution: 'poisson', maxInFlight: 64, connections: 64 },
    ])
    expect(scenario.measure).toEqual({
      warmupMs: 2000,
      durationMs: 5000,
      repetitions: 5,
      auto: null,
      timeoutMs: 10_000,
      seed: 42,
    })
    expect(scenario.verify).toEqual({ absolute: 1e-5, relative: 1e-5, every: 100 })
    expect(scenario.compare).toEqual({ baseline: 'flask' })
    expect(scenario.gate).toEqual({
      alpha: 0.05,
      confirm: true,
      rules: [
        { metric: 'p99', target: null, maxRegression: 0.1, max: null, min: null },
        { metric: 'requestsPerSec', target: null, maxRegression: 0.05, max: null, min: null },
        { metric: 'errorRate', target: null, maxRegression: null, max: 0, min: null },
        { metric: 'p99', target: 'triton-grpc', maxRegression: null, max: 25, min: null },
      ],
    })
  })

  it('fills in every default of the smallest file', async () => {
    const { scenario } = await load(stringify(SMALL))
    expect(scenario).toMatchObject({
      description: '',
      model: { version: null, maxBatchSize: null },
      matrix: {
        targets: ['grpc'],
        batchSizes: [1],
        loads: [{ model: 'closed', concurrency: 1, connections: 1 }],
      },
      measure: { warmupMs: 2000, durationMs: 5000, repetitions: 5, timeoutMs: 10_000, seed: 42 },
      verify: { absolute: 1e-5, relative: 1e-5, every: 100 },
      compare: null,
      gate: null,
    })
  })

  it('reads JSON, tabs included', async () => {
    const { scenario } = await load(JSON.stringify(SMALL, null, '\t'))
    expect(scenario.name).toBe('small')
  })

  it('reads external servers, their URL without a trailing slash, and shared gRPC connections', async () => {
    const { scenario } = await load(
      stringify({
        ...SMALL,
        servers: {
          triton: {
            kind: 'external',
            url: 'http://127.0.0.1:9000/',
            grpcUrl: '[::1]:9001',
            metricsUrl: 'http://127.0.0.1:9002/metrics',
          },
        },
        matrix: {
          load: [
            { concurrency: 8, connections: 1 },
            { requestRate: 0.5, maxInFlight: 4, connections: 2 },
          ],
        },
      }),
    )
    expect(scenario.servers.triton).toEqual({
      kind: 'external',
      url: 'http://127.0.0.1:9000',
      grpcUrl: '[::1]:9001',
      metricsUrl: 'http://127.0.0.1:9002/metrics',
      tls: null,
      startTimeoutMs: 30_000,
    })
    expect(scenario.matrix.loads[0]).toEqual({ model: 'closed', concurrency: 8, connections: 1 })
    expect(scenario.matrix.loads[1]).toMatchObject({ maxInFlight: 4, connections: 2 })
  })

  it('takes numbers and true/false as values of environment variables', async () => {
    const servers = { triton: { kind: 'triton', env: { THREADS: 1, VERBOSE: true, NAME: 'x' } } }
    const { scenario } = await load(stringify({ ...SMALL, servers }))
    expect(scenario.servers.triton).toMatchObject({ env: { THREADS: '1', VERBOSE: 'true', NAME: 'x' } })
  })

  it('finds the batch limit in the model repository above the file', async () => {
    mkdirSync(join(dir, 'model_repository', 'm'), { recursive: true })
    mkdirSync(join(dir, 'deep', 'er'), { recursive: true })
    writeFileSync(join(dir, 'model_repository', 'm', 'config.pbtxt'), 'max_batch_size: 16')
    const path = fileWith(stringify({ ...SMALL, model: { ...SMALL.model, name: 'm' } }), 'deep/er/s.yaml')
    expect((await loadScenario(path, NO_OVERRIDES)).scenario.model.maxBatchSize).toBe(16)
  })

  it('validates with any subset of its optional fields', async () => {
    const optional = {
      description: 'text',
      matrix: { targets: ['grpc'], batchSize: [1, 8], load: [{ requestRate: 5, distribution: 'constant' }] },
      engine: 'native',
      measure: { warmup: '0s', duration: '50ms', repetitions: 1, timeout: '1ms', seed: 0 },
      verify: { absolute: 0, relative: 0, every: 1 },
      compare: { baseline: 'grpc' },
      gate: { alpha: 0.1, rules: [{ metric: 'errorRate', max: '1%' }] },
    }
    const subset = fc.record(
      {
        description: fc.constant(optional.description),
        matrix: fc.subarray(Object.entries(optional.matrix)).map(Object.fromEntries),
        engine: fc.constant(optional.engine),
        measure: fc.subarray(Object.entries(optional.measure)).map(Object.fromEntries),
        verify: fc.subarray(Object.entries(optional.verify)).map(Object.fromEntries),
        compare: fc.constant(optional.compare),
        gate: fc.constant(optional.gate),
      },
      { requiredKeys: [] },
    )
    const path = fileWith('')
    await fc.assert(
      fc.asyncProperty(subset, async (fields) => {
        writeFileSync(path, stringify({ ...SMALL, ...fields }))
        expect((await loadScenario(path, NO_OVERRIDES)).scenario.name).toBe('small')
      }),
      { numRuns: 60 },
    )
  })
})

describe('overrides', () => {
  it('sets fields, list entries, names and whole entries, the last one winning', async () => {
    const set = [
      'measure.duration=2s',
      'measure.duration=3s',
      'servers.flask.workers=2',
      'matrix.batchSize=[1,8]',
      'matrix.load[0].concurrency=3',
      'matrix.load.3={requestRate: 10}',
      'servers.flask.env.OMP_NUM_THREADS=1',
      'targets.extra={server: triton, api: kserve, protocol: http}',
      'description=a = b',
    ]
    const { scenario } = await load(CONTRACT, { set })
    expect(scenario.measure.durationMs).toBe(3000)
    expect(scenario.servers.flask).toMatchObject({ workers: 2, env: { OMP_NUM_THREADS: '1' } })
    expect(scenario.matrix.batchSizes).toEqual([1, 8])
    expect(scenario.matrix.loads[0]).toMatchObject({ concurrency: 3, connections: 3 })
    expect(scenario.matrix.loads[3]).toMatchObject({ requestRate: 10 })
    expect(scenario.targets.at(-1)).toMatchObject({ name: 'extra', server: 'triton' })
    expect(scenario.description).toBe('a = b')
  })

  it('makes the maps on the way to a field that the file leaves out', async () => {
    const { scenario } = await load(stringify(SMALL), { set: ['measure.seed=7', 'matrix.load[0].concurrency=2'] })
    expect(scenario.measure.seed).toBe(7)
    expect(scenario.matrix.loads).toEqual([{ model: 'closed', concurrency: 2, connections: 2 }])
  })

  it('keeps the targets of --only, with the comparison and the rules that are about them', async () => {
    const { scenario } = await load(CONTRACT, { only: ['triton-http', 'triton-binary'] })
    expect(scenario.matrix.targets).toEqual(['triton-http', 'triton-binary'])
    expect(scenario.compare).toBeNull()
    expect(scenario.gate?.rules.map((rule) => rule.metric)).toEqual(['p99', 'requestsPerSec', 'errorRate'])
    expect((await load(CONTRACT, { only: ['flask', 'triton-grpc'] })).scenario.compare).toEqual({ baseline: 'flask' })
  })

  it('shortens by --quick what is longer, and nothing else', async () => {
    const quick = await load(CONTRACT, { quick: true, seed: 5 })
    expect(quick.scenario.measure).toEqual({
      warmupMs: 200,
      durationMs: 500,
      repetitions: 2,
      auto: null,
      timeoutMs: 10_000,
      seed: 5,
    })
    const set = ['measure.warmup=1ms', 'measure.duration=60ms', 'measure.repetitions=1']
    const shorter = await load(CONTRACT, { quick: true, set })
    expect(shorter.scenario.measure).toMatchObject({ warmupMs: 1, durationMs: 60, repetitions: 1 })
  })

  it('measures until it is precise with duration: auto, by defaults or by what is written', async () => {
    const auto = await load(CONTRACT, { set: ['measure.duration=auto'] })
    expect(auto.scenario.measure).toMatchObject({
      durationMs: 1000,
      repetitions: 5,
      auto: { p50: 0.05, p99: 0.1, limitMs: 60_000 },
    })
    const set = ['measure.duration=auto', 'measure.auto={ window: 200ms, p50: 2%, limit: 3s }']
    const written = await load(CONTRACT, { set })
    expect(written.scenario.measure).toMatchObject({ durationMs: 200, auto: { p50: 0.02, p99: 0.1, limitMs: 3000 } })
    const quick = await load(CONTRACT, { set, quick: true })
    expect(quick.scenario.measure).toMatchObject({ durationMs: 200, repetitions: 2, auto: null })
  })

  it('hashes the bytes as sha256sum does, and every --set with them', async () => {
    const plain = await load(CONTRACT)
    expect(plain.sha256).toBe(createHash('sha256').update(CONTRACT).digest('hex'))
    const set = await load(CONTRACT, { set: ['measure.seed=1'] })
    expect(set.sha256).not.toBe(plain.sha256)
  })
})
