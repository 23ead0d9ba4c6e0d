import { expect, it } from 'vitest'
import { BUDGET_BYTES, variantsOf } from './variants.ts'

const model = (...shape: readonly number[]) => ({ inputs: [{ name: 'x', datatype: 'FP32' as const, shape }] })
const JSON_DOOR = { api: 'kserve', protocol: 'http', tensors: 'json' } as const
const BINARY_DOOR = { ...JSON_DOOR, tensors: 'binary' } as const

it('are 64 for small tensors, and as many as fit into the budget for large ones', () => {
  expect(variantsOf([JSON_DOOR], model(4), 8)).toBe(64)
  expect(variantsOf([BINARY_DOOR], model(3, 224, 224), 1)).toBe(64)
  expect(variantsOf([BINARY_DOOR], model(3, 224, 224), 8)).toBe(Math.floor(BUDGET_BYTES / (8 * 4 * 150_528)))
  expect(variantsOf([JSON_DOOR], model(3, 224, 224), 8)).toBe(2)
  expect(variantsOf([JSON_DOOR], model(3, 2048, 2048), 8)).toBe(1)
})

it('are as many for every door as fit through the one whose requests are largest', () => {
  expect(variantsOf([BINARY_DOOR, JSON_DOOR], model(3, 224, 224), 8)).toBe(2)
})
