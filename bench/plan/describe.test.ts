// The text of `dyno plan`.
import { expect, it } from 'vitest'
import type { TargetSpec } from '../scenario/types.ts'
import { cellName, describePlan } from './describe.ts'
import type { Plan, Trial } from './types.ts'

const load = { model: 'closed', concurrency: 8, connections: 8 } as const
const target = (name: string, engine: TargetSpec['engine']): TargetSpec => ({
  name,
  server: 's',
  api: 'kserve',
  protocol: 'grpc',
  tensors: 'binary',
  streaming: false,
  engine,
})
const trial = (id: string, name: string, repetition: number): Trial => ({
  id,
  target: name,
  batchSize: 4,
  load,
  warmupMs: 0,
  durationMs: 90_000,
  timeoutMs: 1000,
  repetition,
})

const PLAN: Plan = {
  scenario: {
    name: 'look',
    description: '',
    model: { name: 'm', version: null, inputs: [], outputs: [], maxBatchSize: null },
    servers: {},
    targets: [],
    matrix: { targets: ['grpc', 'js'], batchSizes: [4], loads: [load] },
    workers: 1,
    polling: 'never',
    measure: { warmupMs: 0, durationMs: 90_000, repetitions: 2, auto: null, timeoutMs: 1000, seed: 7 },
    verify: null,
    compare: null,
    gate: null,
  },
  scenarioPath: 's.yaml',
  scenarioSha256: '',
  seed: 7,
  targets: [target('grpc', 'native'), target('js', 'grpc-js')],
  trials: [
    trial('js/b4/c8#1', 'js', 1),
    trial('grpc/b4/c8#1', 'grpc', 1),
    trial('grpc/b4/c8#2', 'grpc', 2),
    trial('js/b4/c8#2', 'js', 2),
  ],
  expectedMs: 360_000,
  longestMs: 360_000,
}

it('sums the plan up, then lists every trial with the moment at which it begins', () => {
  expect(describePlan(PLAN).split('\n')).toEqual([
    'look: 4 trials, about 6 min (start of the servers not counted; checks before it at most 41.5 s)',
    '2 cells × 2 repetitions, each 0 s warm-up + 1 min 30 s window, seed 7',
    '',
    '       begins  trial         engine',
    '1         0 s  js/b4/c8#1    grpc-js',
    '2  1 min 30 s  grpc/b4/c8#1  native',
    '3       3 min  grpc/b4/c8#2  native',
    '4  4 min 30 s  js/b4/c8#2    grpc-js',
    '',
  ])
})

it('shows the least and the largest duration of a plan that goes on until its cells are precise', () => {
  const measure = { ...PLAN.scenario.measure, auto: { p50: 0.05, p99: 0.125, limitMs: 900_000 } }
  const text = describePlan({ ...PLAN, scenario: { ...PLAN.scenario, measure }, longestMs: 1_800_000 })
  expect(text.split('\n').slice(0, 4)).toEqual([
    'look: 4 trials or more, from 6 min to 30 min (start of the servers not counted; checks before it at most 41.5 s)',
    '2 cells × 2 repetitions, each 0 s warm-up + 1 min 30 s window, seed 7',
    'then more until p50 is known to ±5 % and p99 to ±12.5 %, at most 15 min of windows per cell',
    '',
  ])
})

it('names a cell as its trials are named', () => {
  expect(cellName({ target: 'grpc', batchSize: 4, load })).toBe('grpc/b4/c8')
})
