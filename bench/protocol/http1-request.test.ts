// The request's exact bytes, and nothing that could smuggle a second one.
import { expect, it } from 'vitest'
import { buildRequest } from './http1-request.ts'

const PARTS = { path: '/predict', authority: '127.0.0.1:8000', headers: {}, body: Buffer.from('{}') }

it('writes the line, the headers and the body as one buffer', () => {
  const request = buildRequest({ ...PARTS, headers: { 'Content-Type': 'application/json', 'user-agent': 'other' } })
  expect(request.toString()).toBe(
    'POST /predict HTTP/1.1\r\nhost: 127.0.0.1:8000\r\nuser-agent: other\r\naccept: */*\r\n' +
      'content-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
  )
})

it('keeps the bytes of a binary body', () => {
  const body = Uint8Array.of(0, 13, 10, 255)
  expect(buildRequest({ ...PARTS, body }).subarray(-4)).toEqual(Buffer.from(body))
})

it.each([
  ['a line break in a value', { headers: { 'x-a': 'b\r\nx-c: d' } }],
  ['a line feed in a value', { headers: { 'x-a': 'b\n' } }],
  ['a NUL in a value', { headers: { 'x-a': '\0' } }],
  ['a letter beyond ASCII in a value', { headers: { 'x-a': 'é' } }],
  ['a colon in a name', { headers: { 'x:a': 'b' } }],
  ['an empty name', { headers: { '': 'b' } }],
  ['a length of its own', { headers: { 'Content-Length': '7' } }],
  ['a coding of its own', { headers: { 'transfer-encoding': 'chunked' } }],
  ['a space in the path', { path: '/a b' }],
  ['a relative path', { path: 'predict' }],
  ['a line break in the host', { authority: 'a\r\nb' }],
])('refuses %s', (_, change) => {
  expect(() => buildRequest({ ...PARTS, ...change })).toThrow('an HTTP request cannot carry')
})
