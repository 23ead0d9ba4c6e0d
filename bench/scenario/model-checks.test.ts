// What `plan` says of tensors that the model's configuration contradicts.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { BenchErrors } from '../core/errors.ts'
import { loadScenario, NO_OVERRIDES } from './load-scenario.ts'

const dir = mkdtempSync(join(tmpdir(), 'dyno-config-'))
afterAll(() => rmSync(dir, { recursive: true }))
mkdirSync(join(dir, 'model_repository', 'm'), { recursive: true })

const CONFIG = `max_batch_size: 8
input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ]
output [ { name: "y" data_type: TYPE_FP32 dims: [ -1 ] } ]
`
const SCENARIO = `name: s
model:
  name: m
  inputs: [{ name: x, datatype: FP32, shape: [4] }]
  outputs: [{ name: y, datatype: FP32, shape: [1] }]
servers: { own: { kind: triton } }
targets: { t: { server: own, api: kserve, protocol: http } }
matrix: { load: [{ concurrency: 1 }] }
measure: { duration: 5s }
`

async function problems(from: string, to: string, config = CONFIG): Promise<string[]> {
  writeFileSync(join(dir, 'model_repository', 'm', 'config.pbtxt'), config)
  writeFileSync(join(dir, 's.yaml'), SCENARIO.replace(from, to))
  try {
    await loadScenario(join(dir, 's.yaml'), NO_OVERRIDES)
    return []
  } catch (error) {
    if (!(error instanceof BenchErrors)) throw error
    return error.problems.map(({ place, code, message, hint }) => `${place} [${code}] ${message} → ${hint}`)
  }
}

it.each([
  ['name: x', 'name: keras', 's.yaml:4:20 [model-config]', 'config.pbtxt:2 names its inputs x', 'write name: x'],
  [
    'x, datatype: FP32',
    'x, datatype: INT32',
    's.yaml:4:33 [model-config]',
    'config.pbtxt:2 says FP32',
    'write datatype: FP32',
  ],
  ['shape: [4]', 'shape: [5]', 's.yaml:4:46 [model-config]', 'config.pbtxt:2 says [4]', 'write shape: [4]'],
  ['name: y', 'name: z', 's.yaml:5:21 [model-config]', 'config.pbtxt:3 names its outputs y', 'write name: y'],
])('%s against %s: one problem that names both places', async (from, to, ...parts) => {
  const found = await problems(from, to)
  expect(found).toHaveLength(1)
  for (const part of parts) expect(found[0]).toContain(part)
})

it('what the configuration leaves open is no contradiction', async () => {
  expect(await problems('shape: [1]', 'shape: [7]')).toEqual([])
  expect(await problems('name: x', 'name: other', 'max_batch_size: 8')).toEqual([])
  expect(await problems('name: x', 'name: other', 'input { no protobuf')).toEqual([])
  const withBatch = CONFIG.replace('max_batch_size: 8', '').replace('[ 4 ]', '[ -1, 4 ]').replace('[ -1 ]', '[ -1, 1 ]')
  expect(await problems('', '', withBatch)).toEqual([])
})

it('an input that the model needs and the scenario lacks is named', async () => {
  const two = CONFIG.replace('} ]', '}, { name: "mask" data_type: TYPE_FP32 dims: [ 4 ] } ]')
  expect((await problems('', '', two)).join()).toContain('model.inputs lacks mask')
  expect(await problems('', '', two.replace('dims: [ 4 ] } ]', 'dims: [ 4 ] optional: true } ]'))).toEqual([])
})

it('an external server may serve another model of that name', async () => {
  expect(await problems('own: { kind: triton }', 'own: { kind: external, url: "http://127.0.0.1:9" }')).toEqual([])
  expect(
    await problems('name: x, datatype: FP32, shape: [4]', 'name: q, datatype: FP32, shape: [4]').then(
      (found) => found.length,
    ),
  ).toBe(1)
})
