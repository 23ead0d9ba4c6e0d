// Scenarios of a few cells for tests of the plan: what is not given is as small as it can be.
import type { LoadedScenario, LoadModel, Scenario, ServerSpec, TargetSpec } from '../scenario/types.ts'

const TRITON: ServerSpec = {
  kind: 'triton',
  image: null,
  containerName: null,
  network: null,
  limits: null,
  gpus: 'auto',
  ports: null,
  env: {},
  startTimeoutMs: 1,
}

export interface Shape {
  readonly targets: readonly string[]
  readonly batchSizes: readonly number[]
  readonly loads: readonly LoadModel[]
  readonly repetitions: number
  readonly seed: number
}

export const closed = (concurrency: number): LoadModel => ({ model: 'closed', concurrency, connections: concurrency })

export const SHAPE: Shape = {
  targets: ['a', 'b', 'c'],
  batchSizes: [1, 4],
  loads: [closed(1), closed(8)],
  repetitions: 3,
  seed: 42,
}

export function loaded(shape: Partial<Shape> = {}, changes: Partial<Scenario> = {}): LoadedScenario {
  const { targets, batchSizes, loads, repetitions, seed } = { ...SHAPE, ...shape }
  const targetOf = (name: string): TargetSpec => ({
    name,
    server: 'triton',
    api: 'kserve',
    protocol: 'grpc',
    tensors: 'binary',
    streaming: false,
    engine: 'native',
  })
  const scenario: Scenario = {
    name: 'test',
    description: '',
    model: { name: 'm', version: null, inputs: [], outputs: [], maxBatchSize: null },
    servers: { triton: TRITON },
    targets: [...targets, 'left-out'].map(targetOf),
    matrix: { targets, batchSizes, loads },
    workers: 1,
    polling: 'never',
    measure: { warmupMs: 150, durationMs: 500, repetitions, auto: null, timeoutMs: 1000, seed },
    verify: null,
    compare: null,
    gate: null,
    ...changes,
  }
  return { scenario, path: 's.yaml', sha256: 'abc' }
}
