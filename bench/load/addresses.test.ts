import { createServer } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { addressesOf, addressFor } from './addresses.ts'

it('leaves an address out at which nothing listens, such as one of the two of localhost', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  expect(await addressesOf('localhost', port)).toEqual(['127.0.0.1'])
})

it('is the host itself where it is an address or cannot be resolved', async () => {
  expect(await addressesOf('127.0.0.7', 1)).toEqual(['127.0.0.7'])
  expect(await addressesOf('[::1]', 1)).toEqual(['::1'])
  expect(await addressesOf('no-such-host.invalid', 1)).toEqual(['no-such-host.invalid'])
})

it('gives every connection the next address, over all threads', () => {
  const of = 2
  const taken = [0, 1].flatMap((index) =>
    [0, 1].map((connection) => addressFor(['a', 'b', 'c'], connection, { index, of })),
  )
  expect(taken).toEqual(['a', 'c', 'b', 'a'])
})
