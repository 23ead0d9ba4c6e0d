// Drift between the code and the files made from it, and shipped scenarios that do not validate.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { generate, problems } from './generate.ts'
import { PACKAGE_DIR } from './project.ts'
import { undescribed } from './scenario/reference-page.ts'
import { scenarioJsonSchema } from './scenario/schema-tree.ts'

const dir = mkdtempSync(join(tmpdir(), 'dyno-generate-'))
mkdirSync(join(dir, 'docs'))
cpSync(join(PACKAGE_DIR, 'scenarios'), join(dir, 'scenarios'), { recursive: true })
afterAll(() => rmSync(dir, { recursive: true }))

it('writes what is missing or stale, and nothing twice', async () => {
  rmSync(join(dir, 'scenarios', 'scenario.schema.json'))
  expect(generate(dir)).toContain('scenarios/scenario.schema.json')
  expect(generate(dir)).toEqual([])
  expect(await problems(dir)).toEqual([])
})

it('names a stale file, and a scenario that does not validate with the place in it', async () => {
  generate(dir)
  writeFileSync(join(dir, 'docs', 'scenario.md'), 'edited by hand')
  writeFileSync(join(dir, 'scenarios', 'broken.yaml'), 'name: broken\nmodle: 1\n')
  const found = await problems(dir)
  rmSync(join(dir, 'scenarios', 'broken.yaml'))
  expect(found[0]).toBe('docs/scenario.md is stale: run `npm run generate`')
  expect(found.slice(1).some((problem) => /broken\.yaml:2:1: .*'modle' \(did you mean 'model'\?\)/.test(problem))).toBe(
    true,
  )
})

it('finds every field, list entry and form without a description', () => {
  const described = { description: 'x' }
  const node = {
    properties: {
      good: described,
      bad: {},
      list: { ...described, items: { anyOf: [{ properties: { inner: {} } }, { ...described, properties: {} }] } },
      map: { ...described, additionalProperties: {} },
    },
  }
  expect(undescribed(node)).toEqual(['bad', 'list.[] (a form)', 'list.[].inner', 'map.NAME'])
})

it('writes a JSON Schema by which editors accept the shipped scenarios and refuse misspelt ones', () => {
  const validate = new Ajv2020({ strict: false }).compile(scenarioJsonSchema())
  const smoke = parse(readFileSync(join(PACKAGE_DIR, 'scenarios', 'smoke.yaml'), 'utf8')) as Record<string, unknown>
  expect(validate(smoke)).toBe(true)
  expect(validate({ ...smoke, measure: { duration: 5 } })).toBe(false)
  expect(validate({ ...smoke, measure: { duration: '5 parsecs' } })).toBe(false)
  expect(validate({ ...smoke, zebra: 1 })).toBe(false)
})
