// The texts and mappings that a user sees for failed calls.
import { expect, it } from 'vitest'
import {
  decodeGrpcMessage,
  grpcStatusName,
  grpcStatusOfHttp,
  grpcStatusOfReset,
  parseGrpcStatus,
} from './grpc-status.ts'

it.each([
  ['plain text', 'unknown model', 'unknown model'],
  ['an escaped percent sign', '100%25', '100%'],
  ['UTF-8 in escapes', '%C3%BC', 'ü'],
  ['wrong escapes, kept as they are', '%zz 5% %', '%zz 5% %'],
  ['a long text, cut', 'x'.repeat(5000), 'x'.repeat(1024)],
])('decodes a grpc-message with %s', (_, coded, expected) => {
  expect(decodeGrpcMessage(coded)).toBe(expected)
})

it.each([
  ['0', 0],
  ['14', 14],
  ['', null],
  ['-1', null],
  ['1e3', null],
  ['99999', null],
])('reads grpc-status %j as %j', (value, expected) => {
  expect(parseGrpcStatus(value)).toBe(expected)
})

it('maps HTTP statuses and resets as gRPC says', () => {
  expect([400, 401, 403, 404, 429, 503, 500].map(grpcStatusOfHttp)).toEqual([13, 16, 7, 12, 14, 14, 2])
  expect([0, 2, 7, 8, 11, 12].map(grpcStatusOfReset)).toEqual([13, 13, 14, 1, 8, 7])
  expect([0, 3, 14, 99].map(grpcStatusName)).toEqual(['OK', 'INVALID_ARGUMENT', 'UNAVAILABLE', 'status 99'])
})
