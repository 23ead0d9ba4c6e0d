// The built-in server's requests: found however they are cut, at a cost that is linear in their bytes.
import { expect, it } from 'vitest'
import { HttpRequests } from './http-requests.ts'

const request = (body: number) =>
  Buffer.concat([
    Buffer.from(`POST /infer HTTP/1.1\r\nhost: h\r\ncontent-length: ${body}\r\n\r\n`),
    Buffer.alloc(body, 120),
  ])

function counted() {
  const seen = { posts: 0, gets: 0, nonsense: 0 }
  const requests = new HttpRequests({
    onPost: () => void seen.posts++,
    onOldClient: () => {},
    onGet: () => void seen.gets++,
    onNonsense: () => void seen.nonsense++,
  })
  return { seen, requests }
}

it.each([1, 7, 64, 1000])('finds every request in pieces of %i bytes', (size) => {
  const { seen, requests } = counted()
  const bytes = Buffer.concat([
    request(10),
    request(300),
    Buffer.from('GET /v2 HTTP/1.1\r\n\r\n'),
    request(0),
    request(10),
  ])
  for (let at = 0; at < bytes.length; at += size) requests.push(bytes.subarray(at, at + size))
  expect(seen).toEqual({ posts: 4, gets: 1, nonsense: 0 })
})

/** Milliseconds that a body in pieces of 16 KiB takes, the best of three. */
function costOf(body: number): number {
  const bytes = request(body)
  return Math.min(
    ...[1, 2, 3].map(() => {
      const { requests, seen } = counted()
      const startMs = performance.now()
      for (let at = 0; at < bytes.length; at += 16_384) requests.push(bytes.subarray(at, at + 16_384))
      expect(seen.posts).toBe(1)
      return performance.now() - startMs
    }),
  )
}

it('costs in proportion to the body', () => {
  costOf(1_000_000)
  // When the cost was quadratic, it was 64 times as much.
  expect(costOf(16_000_000) / costOf(2_000_000)).toBeLessThan(32)
})
