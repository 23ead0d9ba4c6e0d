// The batch limit in a model's configuration.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { parseMaxBatchSize, readMaxBatchSize } from './model-config.ts'

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
  expect(parseMaxBatchSize(text)).toBe(expected)
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
  expect(await readMaxBatchSize('m', [join(dir, 'project', 'scenarios'), join(dir, 'other')])).toBe(2)
  expect(await readMaxBatchSize('absent', [join(dir, 'project')])).toBeNull()
})

it('leaves a file of hostile size alone', async () => {
  mkdirSync(join(dir, 'model_repository', 'big'), { recursive: true })
  writeFileSync(join(dir, 'model_repository', 'big', 'config.pbtxt'), `max_batch_size: 8\n${'#'.repeat(1024 ** 2)}`)
  expect(await readMaxBatchSize('big', [dir])).toBeNull()
})
