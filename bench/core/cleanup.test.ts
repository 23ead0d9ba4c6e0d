import { expect, it } from 'vitest'
import { CleanupStack } from './cleanup.ts'

it('disposes in reverse order, each once', async () => {
  const order: string[] = []
  const stack = new CleanupStack()
  stack.push('first', () => void order.push('first'))
  stack.push('second', async () => void order.push('second'))
  expect(await stack.run()).toEqual([])
  await stack.run()
  expect(order).toEqual(['second', 'first'])
})

it('runs the others when one fails, and names the one that failed', async () => {
  const order: string[] = []
  const stack = new CleanupStack()
  stack.push('first', () => void order.push('first'))
  stack.push('broken', () => Promise.reject(new Error('no such process')))
  expect(await stack.run()).toEqual(['broken: no such process'])
  expect(order).toEqual(['first'])
})
