// The batch limit in a model's configuration.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { parseModelConfig, readModelConfig } from './model-config.ts'

const dir = mkdtempSync(join(tmpdir(), 'dyno-model-'))
afterAll(() => rmSync(dir, { recursive: true }))

it.each<[string, number | null, string]>([
  ['name: "m"\nmax_batch_size: 8\n', 8, 'the usual form'],
  ['max_batch_size:64', 64, 'no space'],
  ['# max_batch_size: 4\nmax_batch_size: 8', 8, 'a comment is no field'],
  ['name: "max_batch_size: 4 {"\nmax_batch_size: 8', 8, 'nor is a string'],
  ['x { max_batch_size: 4 }\nmax_batch_size: 8', 8, 'nor a field of another message'],
  ['x [ { max_batch_size: 4 } ]', null, 'nor in a list'],
  ['max_batch_size: 0', null, '0 means that there is no batch dimension'],
  ['max_batch_size: -1', null, 'no size'],
  ['my_max_batch_size: 4', null, 'another name'],
  ['', null, 'nothing'],
])('reads %j as %j (%s)', (text, expected) => {
  expect(parseModelConfig(text, 'config.pbtxt')?.maxBatchSize).toBe(expected)
})

it('takes the nearest repository of the first folder that has the model', async () => {
  for (const [place, size] of [
    ['', 1],
    ['project', 2],
    ['other', 3],
  ] as const) {
    mkdirSync(join(dir, place, 'model_repository', 'm'), { recursive: true })
    writeFileSync(join(dir, place, 'model_repository', 'm', 'config.pbtxt'), `max_batch_size: ${size}`)
  }
  mkdirSync(join(dir, 'project', 'scenarios'))
  expect((await readModelConfig('m', [join(dir, 'project', 'scenarios'), join(dir, 'other')]))?.maxBatchSize).toBe(2)
  expect(await readModelConfig('absent', [join(dir, 'project')])).toBeNull()
})

it('leaves a file of hostile size alone', async () => {
  mkdirSync(join(dir, 'model_repository', 'big'), { recursive: true })
  writeFileSync(join(dir, 'model_repository', 'big', 'config.pbtxt'), `max_batch_size: 8\n${'#'.repeat(1024 ** 2)}`)
  expect(await readModelConfig('big', [dir])).toBeNull()
})

it('reads tensors with their types, dims and lines, in each form of the format', () => {
  const text = `name: "m" # input { name: "none" }
max_batch_size: 8
input [ { name: "x" data_type: TYPE_FP32 dims: [ 4, -1 ] },
  { name: 'y', data_type: TYPE_STRING; dims: 1 dims: 2 optional: true } ]
output { name: "z" data_type: TYPE_INT64 dims: [ ] }
output < name: "w" >
parameters { key: "a" value: { string_value: "}" } }
`
  const config = parseModelConfig(text, 'config.pbtxt')
  expect(config?.inputs).toEqual([
    { name: 'x', datatype: 'FP32', dims: [4, -1], optional: false, line: 3 },
    { name: 'y', datatype: 'BYTES', dims: [1, 2], optional: true, line: 4 },
  ])
  expect(config?.outputs).toEqual([
    { name: 'z', datatype: 'INT64', dims: [], optional: false, line: 5 },
    { name: 'w', datatype: null, dims: null, optional: false, line: 6 },
  ])
  for (const broken of [
    'input {',
    'input [',
    'a: }',
    '{ }',
    'a { b: 1 ]',
    'a'.repeat(9),
    '['.repeat(1e5),
    'a{'.repeat(1e5),
  ]) {
    expect(parseModelConfig(broken, 'config.pbtxt')).toBeNull()
  }
})
