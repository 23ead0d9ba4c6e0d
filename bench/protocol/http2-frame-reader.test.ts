// Frames come out the same however the reads cut them, and nothing hostile gets through or hangs.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Http2FrameReader } from './http2-frame-reader.ts'
import { FRAME, frame, MAX_FRAME_PAYLOAD_BYTES } from './http2-frames.ts'

function recorder(stopAfter = Number.POSITIVE_INFINITY) {
  const seen: string[] = []
  const reader = new Http2FrameReader({
    onFrame(type, flags, streamId, payload, start, end) {
      seen.push(`${type}/${flags}/${streamId}/${Buffer.from(payload.subarray(start, end)).toString('hex')}`)
      return seen.length < stopAfter
    },
    onOversizedFrame: (lengthBytes) => void seen.push(`oversized ${lengthBytes}`),
  })
  return { reader, seen }
}

const STREAM = Buffer.concat([
  frame(FRAME.settings, 0, 0, new Uint8Array(0)),
  frame(FRAME.headers, 4, 1, Uint8Array.of(1, 2, 3)),
  frame(FRAME.data, 0, 1, new Uint8Array(30).fill(7)),
  frame(FRAME.data, 1, 2 ** 31 - 1, new Uint8Array(0)),
])

it('gives the same frames for every way to cut the bytes into three reads', () => {
  const whole = recorder()
  whole.reader.push(STREAM, 0, STREAM.length)
  expect(whole.seen).toHaveLength(4)
  for (let first = 0; first <= STREAM.length; first++) {
    for (let second = first; second <= STREAM.length; second++) {
      const { reader, seen } = recorder()
      reader.push(STREAM, 0, first)
      reader.push(STREAM, first, second)
      reader.push(STREAM, second, STREAM.length)
      expect(seen).toEqual(whole.seen)
    }
  }
})

it('gives the same frames byte by byte, the largest frame included', () => {
  const largest = frame(FRAME.data, 0, 3, new Uint8Array(MAX_FRAME_PAYLOAD_BYTES))
  const { reader, seen } = recorder()
  for (let index = 0; index < largest.length; index++) reader.push(largest, index, index + 1)
  expect(seen).toHaveLength(1)
})

it('stops at a frame that is too long', () => {
  const { reader, seen } = recorder()
  const bytes = Buffer.concat([frame(FRAME.data, 0, 3, new Uint8Array(MAX_FRAME_PAYLOAD_BYTES + 1)), STREAM])
  reader.push(bytes, 0, 4)
  reader.push(bytes, 4, bytes.length)
  reader.push(STREAM, 0, STREAM.length)
  expect(seen).toEqual([`oversized ${MAX_FRAME_PAYLOAD_BYTES + 1}`])
})

it('delivers nothing after its handler said stop', () => {
  const { reader, seen } = recorder(2)
  reader.push(STREAM, 0, STREAM.length)
  reader.push(STREAM, 0, STREAM.length)
  expect(seen).toHaveLength(2)
})

it('never throws, whatever the bytes and their cuts are', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), (reads) => {
      const { reader } = recorder()
      for (const read of reads) reader.push(read, 0, read.length)
    }),
    { numRuns: 5000, seed: 4 },
  )
})
