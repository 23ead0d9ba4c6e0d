// The order of trials: what every plan must hold, whatever the matrix and the seed.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BenchErrors } from '../core/errors.ts'
import type { LoadedScenario, LoadModel, ServerSpec } from '../scenario/types.ts'
import { cellsOf, expand } from './expand.ts'
import { closed, loaded, SHAPE, type Shape } from './plan-fixture.ts'
import type { Trial } from './types.ts'

const blockOf = ({ batchSize, load, repetition }: Trial) => JSON.stringify([repetition, batchSize, load])
const idsOf = (shape: Partial<Shape>) => expand(loaded(shape)).trials.map((trial) => trial.id)

const anyShape: fc.Arbitrary<Shape> = fc.record({
  targets: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 }),
  batchSizes: fc.uniqueArray(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 4 }),
  loads: fc
    .uniqueArray(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 4 })
    .map((sizes) => sizes.map(closed)),
  repetitions: fc.integer({ min: 1, max: 4 }),
  seed: fc.nat(),
})

describe('the order of trials', () => {
  it('measures all targets of a block back to back, each exactly once', () => {
    fc.assert(
      fc.property(anyShape, (shape) => {
        const { trials } = expand(loaded(shape))
        const width = shape.targets.length
        for (let first = 0; first < trials.length; first += width) {
          const block = trials.slice(first, first + width)
          expect(new Set(block.map(blockOf)).size).toBe(1)
          expect(block.map((trial) => trial.target).sort()).toEqual([...shape.targets].sort())
        }
      }),
    )
  })

  it('measures each cell once per repetition, and one repetition after the other', () => {
    fc.assert(
      fc.property(anyShape, (shape) => {
        const plan = expand(loaded(shape))
        const cells = cellsOf(plan).length
        expect(plan.trials).toHaveLength(cells * shape.repetitions)
        expect(new Set(plan.trials.map((trial) => trial.id)).size).toBe(plan.trials.length)
        expect(plan.trials.map((trial) => trial.repetition)).toEqual(
          plan.trials.map((_, index) => Math.floor(index / cells) + 1),
        )
      }),
    )
  })

  it('is the same for the same seed, and another for another', () => {
    expect(idsOf({})).toEqual(idsOf({}))
    expect(idsOf({ seed: 43 })).not.toEqual(idsOf({}))
    expect(idsOf({ seed: 43 }).sort()).toEqual(idsOf({}).sort())
  })

  it('lets every target and every block come first about equally often', () => {
    const { trials } = expand(loaded({ repetitions: 400 }))
    const firsts = trials.filter((_, index) => index % 3 === 0).map((trial) => trial.target)
    for (const target of SHAPE.targets) {
      // 1600 blocks, expected 533, standard deviation 19.
      expect(firsts.filter((first) => first === target).length).toBeGreaterThan(430)
    }
    const blocks = trials
      .filter((_, index) => index % 12 === 0)
      .map((trial) => `${trial.batchSize} ${trial.load.connections}`)
    for (const block of ['1 1', '1 8', '4 1', '4 8']) {
      // 400 repetitions, expected 100, standard deviation 9.
      expect(blocks.filter((first) => first === block).length).toBeGreaterThan(55)
    }
  })
})

it('names trials by target, batch size, load and repetition, and keeps different cells apart', () => {
  const open = {
    model: 'open',
    requestRate: 200,
    profile: null,
    distribution: 'poisson',
    maxInFlight: 64,
    connections: 64,
  } as const
  const loads: LoadModel[] = [
    closed(8),
    { ...closed(8), connections: 2 },
    open,
    { ...open, distribution: 'constant' },
    { ...open, requestRate: 0.5, maxInFlight: 16, connections: 16 },
    { ...open, connections: 4 },
    { ...open, requestRate: 225, profile: { shape: 'ramp', requestRates: [50, 400] } },
    { ...open, requestRate: 150, profile: { shape: 'steps', requestRates: [100, 200] }, distribution: 'constant' },
  ]
  expect(idsOf({ targets: ['triton-grpc'], batchSizes: [4], loads, repetitions: 1 }).sort()).toEqual([
    'triton-grpc/b4/c8#1',
    'triton-grpc/b4/c8x2#1',
    'triton-grpc/b4/r0.5pm16#1',
    'triton-grpc/b4/r200c#1',
    'triton-grpc/b4/r200p#1',
    'triton-grpc/b4/r200px4#1',
    'triton-grpc/b4/ramp50-400p#1',
    'triton-grpc/b4/steps100-200c#1',
  ])
})

it('carries the measured targets only, the seed, and the time of all warm-ups and windows', () => {
  const plan = expand(loaded())
  expect(plan.targets.map((target) => target.name)).toEqual(['a', 'b', 'c'])
  expect(plan).toMatchObject({ seed: 42, scenarioPath: 's.yaml', scenarioSha256: 'abc', expectedMs: 36 * 650 })
  expect(plan.trials[0]).toMatchObject({ warmupMs: 150, durationMs: 500, timeoutMs: 1000 })
})

describe('batch sizes above the model’s limit', () => {
  const model = { ...loaded().scenario.model, maxBatchSize: 8 }
  const batchSizes = [1, 8, 9, 16]

  it('are refused one by one, with the way to raise the limit', () => {
    const problems = problemsOf(loaded({ batchSizes }, { model }))
    expect(problems.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'batch-too-large: batch size 9 is above the max_batch_size 8 of m: its servers would refuse it',
      'batch-too-large: batch size 16 is above the max_batch_size 8 of m: its servers would refuse it',
    ])
    expect(problems[0]?.hint).toContain('model_repository/m/config.pbtxt')
  })

  it('pass for external servers, which have their own configuration', () => {
    const external: ServerSpec = {
      kind: 'external',
      url: 'http://h:1',
      grpcUrl: 'h:2',
      metricsUrl: null,
      tls: null,
      startTimeoutMs: 0,
    }
    expect(problemsOf(loaded({ batchSizes }, { model, servers: { triton: external } }))).toEqual([])
  })

  it('pass where no limit is known', () => {
    expect(problemsOf(loaded({ batchSizes }))).toEqual([])
  })
})

it('refuses a plan without end instead of filling the memory', () => {
  const batchSizes = Array.from({ length: 64 }, (_, index) => index + 1)
  expect(problemsOf(loaded({ batchSizes, repetitions: 1000 })).map(({ code }) => code)).toEqual(['too-many-trials'])
})

it('counts the repetitions that a cell may take at most', () => {
  const auto = { p50: 0.05, p99: 0.1, limitMs: 10_200 }
  const { measure } = loaded().scenario
  const plan = expand(loaded({}, { measure: { ...measure, auto } }))
  // Twelve cells, 20 windows of half a second each fit into the limit.
  expect(plan).toMatchObject({ expectedMs: 36 * 650, longestMs: 12 * 20 * 650 })
  expect(expand(loaded()).longestMs).toBe(36 * 650)
  const endless = loaded({}, { measure: { ...measure, auto: { ...auto, limitMs: 86_400_000 } } })
  const [problem] = problemsOf(endless)
  expect(problem).toMatchObject({ code: 'too-many-trials' })
  expect(problem?.hint).toContain('lower measure.auto.limit')
})

function problemsOf(scenario: LoadedScenario): BenchErrors['problems'] {
  try {
    expand(scenario)
    return []
  } catch (error) {
    if (error instanceof BenchErrors) return error.problems
    throw error
  }
}
