// The agreement check over targets whose answers are prescribed: what is wrong with each is told apart.
import { describe, expect, it } from 'vitest'
import type { Datatype, ModelSpec } from '../scenario/types.ts'
import { checkParity } from './parity.ts'
import type { LoadSession, ProbeAnswer, ProbeRequest } from './types.ts'

const REQUESTS = 8

/** @param answer to prebuilt request `variant`, the `time`th time that anything is asked of the target */
type Target = (variant: number, time: number) => ProbeAnswer

const good = (...values: readonly number[]): ProbeAnswer => ({ ok: true, outputs: [Float64Array.from(values)], ms: 1 })
const failed = (reason: string, outcome: 'status' | 'connect' | 'form' = 'status'): ProbeAnswer => {
  return { ok: false, outcome, reason, ms: 1 }
}
const right: Target = (variant) => good(variant, 2 * variant)

function modelOf(datatype: Datatype): ModelSpec {
  const outputs = [{ name: 'y', datatype, shape: [2] }]
  return { name: 'm', version: null, inputs: [], outputs, maxBatchSize: null }
}

async function check(targets: Readonly<Record<string, Target>>, datatype: Datatype = 'FP32') {
  const times = new Map<string, number>()
  const open = (name: string): Promise<LoadSession> =>
    Promise.resolve({
      async probe({ variants = Array.from({ length: REQUESTS }, (_, at) => at) }: ProbeRequest = {}) {
        return variants.map((variant) => {
          const time = times.get(name) ?? 0
          times.set(name, time + 1)
          return targets[name]?.(variant, time) ?? null
        })
      },
      run: () => Promise.reject(new Error('it only probes')),
      close: () => Promise.resolve(),
    })
  const names = Object.keys(targets)
  const outcome = await checkParity({
    reference: names[0] ?? '',
    targets: names,
    batchSizes: [1],
    model: modelOf(datatype),
    verify: { absolute: 1e-5, relative: 1e-5, every: 1 },
    budgetMs: () => 1000,
    inFlight: 1,
    open,
    onTarget: () => {},
  })
  return { ...outcome, found: outcome.results.map(({ target, code }) => [target, code]) }
}

describe('the agreement check', () => {
  it('finds nothing where all answer alike', async () => {
    const { found, expected } = await check({ one: right, two: right })
    expect(found).toEqual([
      ['one', null],
      ['two', null],
    ])
    expect(expected.get(1)).toHaveLength(REQUESTS)
  })

  it('names the request, the output and the index that differ', async () => {
    const { results } = await check({ one: right, two: (variant) => good(variant, variant === 3 ? 7 : 2 * variant) })
    expect(results[1]).toMatchObject({ code: 'outputs-disagree', against: 'one', maxAbsDifference: 1 })
    expect(results[1]?.reason).toBe('two at batch size 1, request 3, output y[1]: 7 instead of 6')
  })

  it('holds whole numbers to be equal or not, however large they are', async () => {
    const ids =
      (id: number): Target =>
      () =>
        good(id, 1)
    expect((await check({ one: ids(250_000), two: ids(250_001) }, 'INT64')).found[1]).toEqual([
      'two',
      'outputs-disagree',
    ])
    expect((await check({ one: ids(250_000), two: ids(250_001) }, 'FP32')).found[1]).toEqual(['two', null])
  })

  it.each([
    ['status:308: no body redirected to https://h/x', 'write that address'],
    ['status:401: token missing', 'credentials'],
    ['status:404: unknown model', 'name and version'],
    ['status:413: too large', 'lower the batch size'],
    ['status:400: unexpected shape', 'model.inputs'],
    ['status:500: boom', 'log'],
    ['grpc:5: unknown model', 'name and version'],
  ])('calls %s a refusal and says what to do: %s', async (reason, advice) => {
    const { results, found } = await check({ one: () => failed(reason), two: right, three: right })
    expect(found).toEqual([
      ['one', 'refused'],
      ['two', null],
      ['three', null],
    ])
    expect(results[0]?.reason).toContain(reason)
    expect(results[0]?.reason).toContain(advice)
    // The next one that answers is what the others are held against.
    expect(results[2]?.against).toBe('two')
  })

  it('calls outputs of another form a bad answer', async () => {
    const { found } = await check({ one: right, two: () => failed('y has shape [3], expected [2]', 'form') })
    expect(found[1]).toEqual(['two', 'bad-answer'])
  })

  it('takes a request that fails now and then for a failed request, and compares the others', async () => {
    const flaky: Target = (variant, time) => (variant === 5 ? failed('status:503: busy') : right(variant, time))
    expect((await check({ one: right, two: flaky })).found[1]).toEqual(['two', null])
    const { found, expected } = await check({ one: flaky, two: right })
    expect(found).toEqual([
      ['one', null],
      ['two', null],
    ])
    expect(expected.get(1)?.[5]).toBeNull()
  })

  it('tells a target that differs from itself from one that computes something else', async () => {
    const random: Target = (variant, time) => good(variant + time / 10, 0)
    const { found, results } = await check({ one: right, two: random })
    expect(found[1]).toEqual(['two', 'not-deterministic'])
    expect(results[1]?.reason).toContain('asked the same twice it answers differently: request ')
  })

  it('takes the next target as the reference where one differs from itself, and none where all do', async () => {
    const random: Target = (variant, time) => good(variant + time, 0)
    const wrong: Target = (variant) => good(variant + 1, 0)
    const next = await check({ one: random, two: right, three: wrong })
    expect(next.found).toEqual([
      ['one', 'not-deterministic'],
      ['two', null],
      ['three', 'outputs-disagree'],
    ])
    expect(next.results[2]?.against).toBe('two')
    const none = await check({ one: random, two: random })
    expect(none.found.map(([, code]) => code)).toEqual(['not-deterministic', 'not-deterministic'])
    expect(none.expected.has(1)).toBe(false)
  })
})
