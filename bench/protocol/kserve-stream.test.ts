// Answers of a stream: Triton's wrapped ones, MLServer's bare ones, and which request of ours each belongs to.
import { describe, expect, it } from 'vitest'
import { kserveStreamCodec } from './kserve-stream.ts'
import { ProtobufReader, ProtobufWriter } from './protobuf.ts'

const MODEL = {
  name: 'm',
  version: null,
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [1] }],
  maxBatchSize: null,
} as const

interface Answer {
  readonly id?: string
  readonly final?: boolean
  /** Without outputs. */
  readonly isEmpty?: boolean
}

function bare({ id, final, isEmpty = false }: Answer = {}): Uint8Array {
  const answer = new ProtobufWriter().text(1, 'm').text(2, '1')
  if (id !== undefined) answer.text(3, id)
  if (final !== undefined) {
    // As protobuf libraries write a oneof that is set: false as well.
    const value = new ProtobufWriter().varint(1, final ? 1 : 0)
    answer.message(4, new ProtobufWriter().text(1, 'triton_final_response').message(2, value))
  }
  if (isEmpty) return answer.finish()
  answer.message(5, new ProtobufWriter().text(1, 'y').text(2, 'FP32').packed(3, [1, 1]))
  return answer.bytes(6, Buffer.from(Float32Array.of(0.5).buffer)).finish()
}

const wrapped = (answer: Answer = {}) => new ProtobufWriter().bytes(2, bare(answer)).finish()
const partOf = (bytes: Uint8Array, request = 5) => kserveStreamCodec(MODEL, 1).partOf?.(bytes, 0, bytes.length, request)

describe('an answer of a stream', () => {
  it.each([
    ['wrapped, as Triton sends it', wrapped()],
    ['bare, as MLServer sends it', bare()],
  ])('is read %s', (_, bytes) => {
    const codec = kserveStreamCodec(MODEL, 1)
    expect(codec.hasForm(bytes, 0, bytes.length, -1)).toBe(true)
    expect(codec.decode(bytes, 0, bytes.length, -1)).toEqual({ ok: true, outputs: [Float64Array.of(0.5)] })
  })

  it('tells an error in the server’s words', () => {
    const bytes = new ProtobufWriter().text(1, 'out of memory').finish()
    expect(kserveStreamCodec(MODEL, 1).decode(bytes, 0, bytes.length, -1)).toEqual({
      ok: false,
      reason: 'the server says "out of memory"',
    })
    expect(partOf(bytes)).toBe('last')
  })

  it.each([
    ['without a mark is the only one', {}, 'last'],
    ['marked as final is the last one', { final: true }, 'last'],
    ['marked as not final has others behind it', { final: false }, 'more'],
    ['with its request’s number belongs to it', { id: '5', final: true }, 'last'],
    ['with another number belongs to another request', { id: '4', final: true }, 'stray'],
    ['with an id of the server’s own is taken as it comes', { id: '9b2d-44aa' }, 'last'],
    ['with a number too long to be ours is taken as it comes', { id: '12345678901234' }, 'last'],
  ] as const)('%s', (_, answer, part) => {
    expect(partOf(wrapped(answer))).toBe(part)
    expect(partOf(bare(answer))).toBe(part)
  })

  it('that is the mere mark ends the request with the answer before it', () => {
    expect(partOf(wrapped({ final: true, isEmpty: true }))).toBe('end')
    expect(partOf(wrapped({ id: '5', final: true, isEmpty: true }))).toBe('end')
    expect(partOf(wrapped({ id: '4', final: true, isEmpty: true }))).toBe('stray')
    // Nothing is said of an end: an empty answer is the only one, and a bad one.
    expect(partOf(wrapped({ isEmpty: true }))).toBe('last')
  })

  it('of no form at all is an end, so that its request fails', () => {
    expect(partOf(Uint8Array.of(0xff))).toBe('last')
    expect(partOf(new Uint8Array(0))).toBe('last')
  })
})

it('asks for the mere mark, without which the end of a decoupled model could not be known', () => {
  const request = Buffer.from(kserveStreamCodec(MODEL, 1).encode([Float64Array.of(1)])).toString('latin1')
  expect(request).toContain('triton_enable_empty_final_response')
})

it('gives every prebuilt request its number as its id', () => {
  const codec = kserveStreamCodec(MODEL, 1)
  const idOf = (bytes: Uint8Array) => {
    const reader = new ProtobufReader()
    reader.reset(bytes, 0, bytes.length)
    while (reader.next())
      if (reader.field === 3) return Buffer.from(bytes.subarray(reader.valueStart, reader.valueEnd)).toString()
    return null
  }
  expect([0, 1, 2].map(() => idOf(codec.encode([Float64Array.of(1)])))).toEqual(['0', '1', '2'])
})
